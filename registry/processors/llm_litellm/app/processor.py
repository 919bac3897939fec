"""Answers a conversation, token by token: by LiteLLM in real mode, by itself in mock mode."""

import asyncio
import json
import os
import re

from .protocol import Output, RunError

REQUIRED_SECRETS = ("OPENAI_API_KEY",)
OPTIONAL_SECRETS = ("LITELLM_API_BASE",)
DEFAULT_MODEL = "gpt-4o-mini"
ROLES = ("system", "user", "assistant")


async def outputs(run, stream):
    messages, options = conversation(run.params)
    await stream.event("started", model=options["model"])
    if run.mode == "mock":
        source = mock_tokens(messages, options["model"], run.params.get("token_delay_ms", 0))
    else:
        source = provider_tokens(messages, options)
    text, facts = [], {"finish_reason": "stop"}
    async for token, more in source:
        facts.update(more)
        if token:
            text.append(token)
            await stream.token(token)
    await stream.event("finished", tokens=len(text))
    meta = {"mode": run.mode, "model": options["model"], "tokens": len(text), **facts}
    return [
        Output("text/response.txt", "".join(text).encode(), "text/plain"),
        Output("meta.json", json.dumps(meta, sort_keys=True, separators=(",", ":")).encode(), "application/json"),
    ]


def conversation(params):
    """The messages and the provider's options. The spec's JSON Schema says the same; this is the last line."""

    def refuse(pointer, what):
        raise RunError("ERR_INPUTS", f"/inputs/params{pointer}: {what}")

    if ("messages" in params) == ("prompt" in params):
        refuse("", "give either messages or prompt")
    if "prompt" in params:
        if not isinstance(params["prompt"], str) or not params["prompt"]:
            refuse("/prompt", "a text that isn't empty")
        messages = [{"role": "user", "content": params["prompt"]}]
    else:
        messages = params["messages"]
        if not isinstance(messages, list) or not messages:
            refuse("/messages", "a list with at least one message")
        for index, message in enumerate(messages):
            if not isinstance(message, dict) or message.get("role") not in ROLES:
                refuse(f"/messages/{index}/role", f"one of {', '.join(ROLES)}")
            if not isinstance(message.get("content"), str):
                refuse(f"/messages/{index}/content", "a text")
        messages = [{"role": message["role"], "content": message["content"]} for message in messages]
    options = {"model": params.get("model", DEFAULT_MODEL)}
    if not isinstance(options["model"], str) or not options["model"]:
        refuse("/model", "the name of a model")
    for name, kinds, lowest, highest in (
        ("temperature", (int, float), 0, 2),
        ("max_tokens", (int,), 1, 1_000_000),
        ("token_delay_ms", (int,), 0, 1000),
    ):
        value = params.get(name)
        if value is None:
            continue
        if not isinstance(value, kinds) or isinstance(value, bool) or not lowest <= value <= highest:
            refuse(f"/{name}", f"a number from {lowest} to {highest}")
        if name != "token_delay_ms":
            options[name] = value
    return messages, options


async def mock_tokens(messages, model, delay_ms):
    """The same words for the same question, from nothing but the question."""
    question = " ".join(messages[-1]["content"].split())
    if len(question) > 200:
        question = question[:199] + "…"
    for token in re.findall(r"\S+\s*", f"This is a mock answer of {model} to: {question}"):
        if delay_ms:
            await asyncio.sleep(delay_ms / 1000)
        yield token, {}


async def provider_tokens(messages, options):
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else importing it fetches a price list
    litellm = await asyncio.to_thread(__import__, "litellm")
    try:
        answer = await litellm.acompletion(
            messages=messages,
            stream=True,
            stream_options={"include_usage": True},
            api_key=os.environ["OPENAI_API_KEY"],
            api_base=os.environ.get("LITELLM_API_BASE") or None,
            num_retries=0,
            **options,
        )
        async for chunk in answer:
            facts = {}
            choice = chunk.choices[0] if chunk.choices else None
            if choice is not None and choice.finish_reason:
                facts["finish_reason"] = choice.finish_reason
            usage = getattr(chunk, "usage", None)
            if usage:
                facts["usage"] = {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}
            yield (choice.delta.content or "") if choice is not None else "", facts
    except Exception as error:
        # Providers quote keys and headers in their messages, so only the kind of the error is told.
        status = getattr(error, "status_code", None)
        told = f"{type(error).__name__}" + (f", status {status}" if status else "")
        raise RunError("ERR_PROVIDER", f"the model's provider failed: {told}") from None
