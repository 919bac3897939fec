"""media/metadata@1: every format from bytes made here, broken files, and the way into the world and not out of it."""

import base64
import io
import json
import struct
import wave
import zlib

import pytest
from conftest import PROCESSORS, ROOT, payload


def wav(title=None, seconds=2):
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(8000)
        writer.writeframes(bytes(16000 * seconds))
    data = file.getvalue()
    if title is None:
        return data
    info = b"INFO" + b"INAM" + struct.pack("<I", len(title)) + title + bytes(len(title) % 2)
    data += b"LIST" + struct.pack("<I", len(info)) + info
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:]


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width=640, height=480, *chunks):
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + png_chunk(b"IEND", b"")


def gif():
    frame = b"!\xf9\x04\x00" + struct.pack("<H", 25) + b"\x00\x00" + b"," + struct.pack("<HHHHB", 0, 0, 3, 2, 0) + b"\x02\x01\x00\x00"
    return b"GIF89a" + struct.pack("<HHBBB", 3, 2, 0x80, 0, 0) + bytes(6) + frame * 4 + b";"


def flac():
    packed = 44100 << 44 | 1 << 41 | 15 << 36 | 44100 * 3
    info = bytes(10) + packed.to_bytes(8, "big") + bytes(16)
    comments = struct.pack("<I", 3) + b"lib" + struct.pack("<I", 2)
    for comment in (b"ARTIST=a", "TITLE=Drei Töne".encode()):
        comments += struct.pack("<I", len(comment)) + comment
    return b"fLaC" + bytes([0]) + len(info).to_bytes(3, "big") + info + bytes([0x84]) + len(comments).to_bytes(3, "big") + comments


def box(kind, *parts):
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def mp4(version=0, moov_first=True):
    if version:
        movie = box(b"mvhd", b"\1\0\0\0", bytes(16), struct.pack(">IQ", 600, 4500), bytes(80))
        track = box(b"tkhd", b"\1\0\0\7", bytes(84), struct.pack(">II", 1920 << 16, 1080 << 16))
    else:
        movie = box(b"mvhd", bytes(12), struct.pack(">II", 600, 4500), bytes(80))
        track = box(b"tkhd", b"\0\0\0\7", bytes(72), struct.pack(">II", 1920 << 16, 1080 << 16))
    sound = box(b"trak", box(b"tkhd", b"\0\0\0\7", bytes(80)))
    name = box(b"\xa9nam", box(b"data", struct.pack(">II", 1, 0), b"A clip"))
    user = box(b"udta", box(b"meta", bytes(4), box(b"hdlr", bytes(25)), box(b"ilst", name)))
    moov, mdat = box(b"moov", movie, sound, box(b"trak", track), user), box(b"mdat", bytes(5000))
    return box(b"ftyp", b"isom", bytes(8)) + (moov + mdat if moov_first else mdat + moov)


@pytest.fixture
def metadata(media, uploads):
    def run(params, mode="real", processor=media):
        plan = uploads.plan("outputs.json", "outputs/metadata.json")
        envelope, _ = processor.run(payload(params, mode=mode, put_urls=plan))
        return json.loads(uploads.received[0][2]) if envelope["status"] == "success" else envelope["error"]

    return run


def inline(data, **more):
    return {"data_base64": base64.b64encode(data).decode(), **more}


HD = {"width": 1920, "height": 1080}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (wav(), {"format": "wav", "title": "take", "duration_ms": 2000}),
        (wav(b"Odd"), {"format": "wav", "title": "Odd", "duration_ms": 2000}),
        (png(), {"format": "png", "title": "take", "duration_ms": 0, "resolution": {"width": 640, "height": 480}}),
        (png(1, 2, png_chunk(b"tEXt", b"Title\0A \xe9")), {"format": "png", "title": "A é", "duration_ms": 0, "resolution": {"width": 1, "height": 2}}),
        (png(1, 2, png_chunk(b"iTXt", b"Title\0\0\0de\0\0" + "Größe".encode())), {"format": "png", "title": "Größe", "duration_ms": 0, "resolution": {"width": 1, "height": 2}}),
        (gif(), {"format": "gif", "title": "take", "duration_ms": 1000, "resolution": {"width": 3, "height": 2}}),
        (flac(), {"format": "flac", "title": "Drei Töne", "duration_ms": 3000}),
        (mp4(), {"format": "mp4", "title": "A clip", "duration_ms": 7500, "resolution": HD}),
        (mp4(version=1), {"format": "mp4", "title": "A clip", "duration_ms": 7500, "resolution": HD}),
        (mp4(moov_first=False), {"format": "mp4", "title": "A clip", "duration_ms": 7500, "resolution": HD}),
    ],
    ids=["wav", "wav-title", "png", "png-text", "png-itxt", "gif", "flac", "mp4", "mp4-version-1", "mp4-moov-last"],
)  # fmt: skip
def test_a_header_tells_title_duration_and_size(metadata, data, expected):
    assert metadata(inline(data, filename="take.bin")) == expected


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"RIFF\0\0\0\0WAVE", wav()[:20], png()[:20], png(0, 0), gif()[:8], flac()[:20], mp4()[:30],
     box(b"ftyp", b"isom") + struct.pack(">I4s", 4, b"moov"), box(b"ftyp") + box(b"moov", box(b"mvhd", bytes(30)))],
)  # fmt: skip
def test_a_broken_or_foreign_file_is_an_input_error(metadata, data):
    assert metadata(inline(data))["code"] == "ERR_INPUTS"


@pytest.mark.parametrize("make", [wav, png, gif, flac, mp4])
def test_no_cut_and_no_flipped_byte_breaks_the_processor(make, monkeypatch):
    monkeypatch.syspath_prepend(str(PROCESSORS / "media_metadata"))
    from app import formats

    whole = make()[:700]
    broken = [whole[:length] for length in range(len(whole))]
    broken += [whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] for at in range(len(whole))]
    for data in broken:
        try:
            found = formats.read(io.BytesIO(data))
            assert found["duration_ms"] >= 0
        except formats.Unreadable:
            pass


def test_not_base64_is_an_input_error(metadata):
    assert metadata({"data_base64": "no base64!"})["message"] == "/inputs/params/data_base64: not base64"


@pytest.mark.parametrize("params", [{"path": "/artifacts/x/take.wav"}, inline(b"whatever", filename="take.wav")])
def test_a_mock_run_reads_nothing_and_obeys_the_schema(metadata, params):
    schema = pytest.importorskip("yaml").safe_load((ROOT / "registry/schemas/media.metadata.yaml").read_text())["schema"]
    found = metadata(params, mode="mock")
    pytest.importorskip("jsonschema").validate(found, schema)
    assert found == {"title": "take", "format": "mock", "duration_ms": 1000, "resolution": {"width": 640, "height": 360}}


@pytest.fixture(scope="module")
def world(start, tmp_path_factory):
    """A world with a file and a link that leads out of it, and a processor that sees it."""
    root = tmp_path_factory.mktemp("mount")
    place = root / "world" / "artifacts" / "scenes"
    place.mkdir(parents=True)
    (place / "take 1.wav").write_bytes(wav())
    (root / "outside.wav").write_bytes(wav())
    (place / "out.wav").symlink_to(root / "outside.wav")
    (place / "in.wav").symlink_to("take 1.wav")
    return start("media_metadata", WORLD_MOUNT=str(root / "world"))


@pytest.mark.parametrize(("path", "title"), [("/artifacts/scenes/take 1.wav", "take 1"), ("/artifacts/scenes/in.wav", "in")])
def test_a_file_of_the_world_is_read(metadata, world, path, title):
    assert metadata({"path": path}, processor=world) == {"format": "wav", "title": title, "duration_ms": 2000}


@pytest.mark.parametrize(
    "path",
    ["/artifacts/../../outside.wav", "/artifacts/scenes/../../../outside.wav", "/artifacts/scenes/out.wav", "/etc/passwd",
     "artifacts/scenes/in.wav", "/artifacts//scenes/in.wav", "/artifacts/./in.wav", "/artifacts/scenes", "/artifacts/no.wav",
     "/artifacts/a\0b", "/artifacts/" + "a" * 5000],
)  # fmt: skip
def test_no_path_leads_out_of_the_world(metadata, world, path):
    assert metadata({"path": path}, processor=world)["code"] == "ERR_INPUTS"
