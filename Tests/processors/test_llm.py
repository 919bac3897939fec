"""llm/litellm@1: the mock answer, its inputs, and the real library against a provider that stands in on loopback."""

import http.server
import json
import threading

import pytest
from conftest import payload

KEY = "sk-not-to-be-seen-anywhere"


def outputs(processor, uploads, request):
    plan = uploads.plan("outputs.json", "outputs/meta.json", "outputs/text/response.txt")
    envelope, frames = processor.run({**request, "put_urls": plan})
    files = {path.partition("?")[0]: body for path, _, body in uploads.received}
    return envelope, frames, files


def test_the_mock_answer_is_its_tokens_put_together(llm, uploads):
    envelope, frames, files = outputs(llm, uploads, payload({"messages": [{"role": "user", "content": "Say  hello."}]}))
    tokens = [frame["content"]["text"] for frame in frames if frame["kind"] == "Token"]
    assert files["/outputs/text/response.txt"].decode() == "".join(tokens)
    assert "".join(tokens) == "This is a mock answer of gpt-4o-mini to: Say hello."
    assert json.loads(files["/outputs/meta.json"])["tokens"] == len(tokens)
    assert [entry["mime"] for entry in envelope["outputs"]] == ["application/json", "text/plain"]


@pytest.mark.parametrize(
    ("params", "pointer"),
    [({}, ""), ({"prompt": ""}, "/prompt"), ({"prompt": "a", "messages": []}, ""), ({"messages": []}, "/messages"),
     ({"messages": [{"role": "user"}]}, "/messages/0/content"), ({"messages": [{"role": "x", "content": ""}]}, "/messages/0/role"),
     ({"prompt": "a", "model": ""}, "/model"), ({"prompt": "a", "temperature": 3}, "/temperature"),
     ({"prompt": "a", "max_tokens": True}, "/max_tokens"), ({"prompt": "a", "token_delay_ms": -1}, "/token_delay_ms")],
)  # fmt: skip
def test_inputs_that_the_schema_refuses_are_refused_here_too(llm, params, pointer):
    error = llm.run(payload(params))[0]["error"]
    assert error["code"] == "ERR_INPUTS" and error["message"].startswith(f"/inputs/params{pointer}: ")


def test_a_real_run_without_its_secret_fails_before_anything_else(llm):
    envelope, frames = llm.run(payload({"prompt": "Say hello."}, mode="real"))
    assert [frame["kind"] for frame in frames] == ["Ack", "RunResult"]
    assert envelope["error"]["code"] == "ERR_MISSING_SECRET" and "OPENAI_API_KEY" in envelope["error"]["message"]


def test_a_mock_run_does_not_look_for_secrets(start):
    processor = start("llm_litellm", OPENAI_API_KEY=KEY)
    envelope, _ = processor.run(payload({"prompt": "Say hello."}))
    assert envelope["status"] == "success"
    assert "env_keys_present=[]" in envelope["meta"]["env_fingerprint"]


class Provider(http.server.BaseHTTPRequestHandler):
    """A provider of chat completions that streams three words, or refuses and quotes the key as real ones do."""

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, self.headers["Authorization"], request))
        if request["messages"][-1]["content"] == "refuse":
            self.answer(401, "application/json", json.dumps({"error": {"message": f"Incorrect API key: {KEY}"}}).encode())
            return
        head = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": request["model"]}
        choices = [{"index": 0, "delta": {"role": "assistant", "content": w}, "finish_reason": None} for w in ("Good ", "day", "!")]
        chunks = [{**head, "choices": [choice]} for choice in choices]
        chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        chunks.append({**head, "choices": [], "usage": {"prompt_tokens": 4, "completion_tokens": 3, "total_tokens": 7}})
        lines = [*(json.dumps(chunk) for chunk in chunks), "[DONE]"]
        self.answer(200, "text/event-stream", "".join(f"data: {line}\n\n" for line in lines).encode())

    def answer(self, status, content_type, body):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def provider():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.requests = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def real(start, provider):
    pytest.importorskip("litellm", reason="LiteLLM is not in this environment")
    return start("llm_litellm", OPENAI_API_KEY=KEY, LITELLM_API_BASE=f"http://127.0.0.1:{provider.server_address[1]}/v1")


def test_a_real_run_streams_what_the_provider_says(real, provider, uploads):
    request = payload({"prompt": "Hello?", "model": "gpt-4o-mini", "max_tokens": 9}, mode="real")
    envelope, frames, files = outputs(real, uploads, request)
    assert envelope["status"] == "success", envelope
    assert [frame["content"]["text"] for frame in frames if frame["kind"] == "Token"] == ["Good ", "day", "!"]
    assert files["/outputs/text/response.txt"] == b"Good day!"
    meta = json.loads(files["/outputs/meta.json"])
    assert (meta["finish_reason"], meta["usage"]) == ("stop", {"prompt_tokens": 4, "completion_tokens": 3})
    assert "env_keys_present=[LITELLM_API_BASE,OPENAI_API_KEY],mode=real" in envelope["meta"]["env_fingerprint"]
    path, authorization, asked = provider.requests[-1]
    assert (path, authorization, asked["max_tokens"]) == ("/v1/chat/completions", f"Bearer {KEY}", 9)


def test_a_provider_that_refuses_gives_an_error_without_the_key(real):
    envelope, frames = real.run(payload({"prompt": "refuse"}, mode="real"))
    assert envelope["error"]["code"] == "ERR_PROVIDER" and "401" in envelope["error"]["message"]
    assert KEY not in json.dumps(frames)
    _, _, output = real.end()
    assert KEY not in output
