"""The older HTTP protocol as text/stats@1 speaks it (with server-sent events) and the vendor's text/hash@1."""

import hashlib
import json

import pytest
from conftest import payload


def result(processor, uploads, path, params):
    plan = uploads.plan("outputs.json", path)
    status, _, body = processor.post("/run", payload(params, put_urls=plan))
    assert (status, json.loads(body)["status"]) == (200, "success")
    return json.loads(uploads.received[0][2])


def events(body):
    blocks = [block.split("\n") for block in body.decode().split("\n\n") if block]
    return [(block[0].removeprefix("event: "), json.loads(block[1].removeprefix("data: "))) for block in blocks]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {"bytes": 0, "characters": 0, "lines": 0, "words": 0, "top_words": []}),
        ("one", {"bytes": 3, "characters": 3, "lines": 1, "words": 1, "top_words": [{"word": "one", "count": 1}]}),
        ("B a b\nÄ\n", {"bytes": 9, "characters": 8, "lines": 2, "words": 4, "top_words": [{"word": "b", "count": 2}, {"word": "a", "count": 1}]}),
        ("it's\n\n", {"bytes": 6, "characters": 6, "lines": 2, "words": 1, "top_words": [{"word": "it's", "count": 1}]}),
    ],
)  # fmt: skip
def test_a_text_is_counted(stats, uploads, text, expected):
    assert result(stats, uploads, "outputs/stats.json", {"text": text, "top": 2}) == expected


def test_a_long_text_is_counted_across_its_parts(stats, uploads):
    found = result(stats, uploads, "outputs/stats.json", {"text": "word " * 50_000})
    assert (found["words"], found["top_words"]) == (50_000, [{"word": "word", "count": 50_000}])


def test_real_mode_needs_nothing_more(stats):
    status, _, body = stats.post("/run", payload({"text": "a"}, mode="real"))
    assert (status, json.loads(body)["status"]) == (200, "success")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [(b"{}", "text/plain", 415), (b"no json", "application/json", 400), (b"[" * 100_000, "application/json", 400),
     (b"[]", "application/json", 400), (b"{}", "application/json; charset=utf-8", 400)],
)  # fmt: skip
def test_an_error_carries_an_envelope_too(stats, body, content_type, status):
    got, headers, answer = stats.post("/run", body, content_type)
    assert (got, headers["Content-Type"], json.loads(answer)["error"]["code"]) == (status, "application/json", "ERR_INPUTS")


def test_a_stream_tells_progress_and_then_the_envelope(stats):
    status, headers, body = stats.post("/run-stream", payload({"text": "word " * 50_000}))
    assert (status, headers["Content-Type"]) == (200, "text/event-stream")
    *progress, (name, envelope) = events(body)
    shares = [value["done"] for kind, value in progress if kind == "progress"]
    assert len(shares) == len(progress) > 3 and shares == sorted(shares) and (shares[0], shares[-1]) == (0.0, 1.0)
    assert (name, envelope["status"]) == ("done", "success")


def test_a_stream_that_fails_ends_with_an_error(stats):
    *_, (name, envelope) = events(stats.post("/run-stream", payload({"text": 1}))[2])
    assert (name, envelope["error"]["code"]) == ("error", "ERR_INPUTS")


@pytest.mark.parametrize("algorithms", [["sha256"], ["blake2b", "sha1", "sha256"]])
def test_a_text_is_hashed(hashes, uploads, algorithms):
    found = result(hashes, uploads, "outputs/hashes.json", {"text": "héllo", "algorithms": algorithms})
    assert found == {name: hashlib.new(name, "héllo".encode()).hexdigest() for name in algorithms}


@pytest.mark.parametrize("algorithms", [[], ["md5"], "sha1", [["sha1"]], None])
def test_an_unknown_algorithm_is_an_input_error(hashes, algorithms):
    status, _, body = hashes.post("/run", payload({"text": "a", "algorithms": algorithms}))
    assert (status, json.loads(body)["error"]["code"]) == (400, "ERR_INPUTS")
