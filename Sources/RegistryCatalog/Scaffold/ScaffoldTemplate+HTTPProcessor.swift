extension ScaffoldTemplate {
    /// `app/processor.py` of a processor that speaks HTTP.
    static let httpProcessor = #"""
        """What this processor does. Replace `outputs`, and keep registry.yaml's inputs and outputs in step."""

        import json

        from .protocol import Output, RunError

        REQUIRED_SECRETS = ()  # as in registry.yaml


        def outputs(run, progress):
            """The outputs of a run; `progress` is called with the share that is done.

            With `run.mode == "mock"` a run needs no secret, no network and no money, and gives the same for the same inputs.
            """
            text = run.params.get("text")
            if not isinstance(text, str):
                raise RunError("ERR_INPUTS", "/inputs/params/text: a text")
            progress(0.0)
            result = {"text": text, "characters": len(text)}
            progress(1.0)
            return [Output("result.json", json.dumps(result, sort_keys=True).encode(), "application/json")]

        """#
}
