extension ScaffoldTemplate {
    /// `app/processor.py` of a processor that speaks WebSocket.
    static let webSocketProcessor = #"""
        """What this processor does. Replace `outputs`, and keep registry.yaml's inputs and outputs in step."""

        import json

        from .protocol import Output, RunError

        REQUIRED_SECRETS = ()  # as in registry.yaml


        async def outputs(run, stream):
            """The outputs of a run; `stream` takes tokens, log lines and events on the way.

            With `run.mode == "mock"` a run needs no secret, no network and no money, and gives the same for the same inputs.
            """
            text = run.params.get("text")
            if not isinstance(text, str):
                raise RunError("ERR_INPUTS", "/inputs/params/text: a text")
            await stream.event("started")
            for word in text.split():
                await stream.token(word + " ")
            result = {"text": text, "characters": len(text)}
            return [Output("result.json", json.dumps(result, sort_keys=True).encode(), "application/json")]

        """#
}
