"""What holds for every processor, whatever it speaks: health, modes, envelopes, uploads, its end."""

import concurrent.futures
import json

import pytest
from blake3 import blake3
from conftest import PREFIX, payload

GOOD = {
    "llm_litellm": ({"prompt": "Say hello."}, ["meta.json", "text/response.txt"]),
    "media_metadata": ({"path": "/artifacts/take.wav"}, ["metadata.json"]),
    "text_stats": ({"text": "one two\n"}, ["stats.json"]),
    "text_hash": ({"text": "hello"}, ["hashes.json"]),
}
WEBSOCKET = ("llm_litellm", "media_metadata")
DIGEST = "sha256:" + "0" * 64


@pytest.fixture(params=GOOD)
def name(request):
    return request.param


@pytest.fixture
def processor(name, request):
    fixtures = {"llm_litellm": "llm", "media_metadata": "media", "text_stats": "stats", "text_hash": "hashes"}
    return request.getfixturevalue(fixtures[name])


def envelope(processor, name, request):
    if name in WEBSOCKET:
        return processor.run(request)[0]
    return json.loads(processor.post("/run", request)[2])


def test_health_says_ok(processor):
    status, headers, body = processor.get("/healthz")
    assert (status, headers.get_all("Content-Type"), json.loads(body)) == (200, ["application/json"], {"ok": True})


def test_other_paths_are_not_found(processor):
    assert processor.get("/nothing")[0] == 404


def test_a_mock_run_succeeds_and_repeats_itself(processor, name):
    params, paths = GOOD[name]
    first, second = (envelope(processor, name, payload(params)) for _ in range(2))
    assert first["status"] == "success" and first["execution_id"] == "E1"
    assert first["index_path"] == PREFIX + "outputs.json"
    assert [entry["path"] for entry in first["outputs"]] == [PREFIX + path for path in paths]
    assert first["outputs"] == second["outputs"]
    assert set(first["meta"]) == {"env_fingerprint", "duration_ms"}
    assert "env_keys_present=[]" in first["meta"]["env_fingerprint"]
    assert "mode=mock" in first["meta"]["env_fingerprint"]


@pytest.mark.parametrize("mode", ["test", "", None, 1, ["mock"]])
def test_a_mode_that_is_neither_mock_nor_real_is_refused(processor, name, mode):
    answer = envelope(processor, name, payload(GOOD[name][0], mode=mode))
    assert (answer["status"], answer["error"]["code"]) == ("error", "ERR_MODE_INVALID")


@pytest.mark.parametrize(
    "broken",
    [{"inputs": {"schema": "v1"}}, {"inputs": {"schema": "v1", "params": []}}, {"inputs": None}, {"write_prefix": "/artifacts/x"},
     {"write_prefix": None}],
)  # fmt: skip
def test_a_broken_payload_is_refused(processor, name, broken):
    answer = envelope(processor, name, {**payload(GOOD[name][0]), **broken})
    assert (answer["status"], answer["error"]["code"]) == ("error", "ERR_INPUTS")


def test_params_that_the_processor_does_not_know_as_such_are_refused(processor, name):
    answer = envelope(processor, name, payload({"text": 1, "prompt": 1, "path": 1}))
    assert answer["error"]["code"] == "ERR_INPUTS" and answer["error"]["message"].startswith("/inputs/params")


def test_outputs_are_uploaded_and_the_index_comes_last(processor, name, uploads):
    params, paths = GOOD[name]
    plan = uploads.plan("outputs.json", *("outputs/" + path for path in paths))
    answer = envelope(processor, name, payload(params, put_urls=plan))
    assert answer["status"] == "success"
    assert [path.partition("?")[0] for path, _, _ in uploads.received] == [*("/outputs/" + p for p in paths), "/outputs.json"]
    for entry, (_, _, body) in zip(answer["outputs"], uploads.received):
        assert entry["cid"] == "b3:" + blake3(body).hexdigest() and entry["size_bytes"] == len(body)
    index = uploads.received[-1][2]
    assert json.loads(index) == {"outputs": answer["outputs"]}
    assert index == json.dumps({"outputs": answer["outputs"]}, sort_keys=True, separators=(",", ":")).encode()


def test_an_upload_without_a_url_is_a_broken_plan(processor, name, uploads):
    answer = envelope(processor, name, payload(GOOD[name][0], put_urls=uploads.plan("outputs.json")))
    assert answer["error"]["code"] == "ERR_UPLOAD_PLAN"
    assert uploads.received == []


def test_a_refused_upload_fails_the_run_and_tells_no_url(processor, name, uploads):
    plan = {key: url.replace("?", "/refuse?") for key, url in uploads.plan("outputs/" + GOOD[name][1][0], "outputs.json").items()}
    answer = envelope(processor, name, payload(GOOD[name][0], put_urls=plan))
    assert answer["error"]["code"] == "ERR_RUNTIME" and "403" in answer["error"]["message"]
    assert "s3cr3t" not in json.dumps(answer)


def test_half_a_surrogate_pair_is_an_input_error(processor, name):
    half = {"llm_litellm": {"prompt": "\ud800"}, "media_metadata": {"path": "/artifacts/a", "filename": "\ud800"}}
    answer = envelope(processor, name, payload(half.get(name, {"text": "\ud800"})))
    assert answer["error"]["code"] == "ERR_INPUTS"


def test_forty_runs_at_once_all_succeed(processor, name):
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: envelope(processor, name, payload(GOOD[name][0])), range(40)))
    assert [answer["status"] for answer in answers] == ["success"] * 40


def test_it_is_healthy_soon_names_its_digest_and_ends_within_a_second(start, name):
    processor = start(name, IMAGE_DIGEST=DIGEST)
    assert processor.seconds_to_health < 3  # 0.2 s on a quiet machine
    assert json.loads(processor.get("/healthz")[2]) == {"ok": True, "digest": DIGEST}
    assert envelope(processor, name, payload(GOOD[name][0]))["meta"]["image_digest"] == DIGEST
    seconds, code, output = processor.end()
    assert seconds < 1 and code == 0 and output == ""
