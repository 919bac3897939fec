"""Headers of WAV, PNG, GIF, FLAC and MP4. Each reader takes a seekable file and gives what schema media.metadata@1 has.

Sizes that a file claims are never trusted: reads stop at what is there, and boxes and chunks are limited in number.
"""

import struct

MOST_CHUNKS = 10_000
LONGEST_TEXT = 64 << 10


class Unreadable(Exception):
    """A file of no known format, or a broken one."""


def read(file):
    start = file.read(12)
    for matches, reader in (
        (start[:4] == b"RIFF" and start[8:12] == b"WAVE", wav),
        (start[:8] == b"\x89PNG\r\n\x1a\n", png),
        (start[:6] in (b"GIF87a", b"GIF89a"), gif),
        (start[:4] == b"fLaC", flac),
        (start[4:8] == b"ftyp", mp4),
    ):
        if matches:
            try:
                return {"format": reader.__name__, **reader(file)}
            except (struct.error, ZeroDivisionError, IndexError, OverflowError) as error:
                raise Unreadable(f"a broken {reader.__name__} file") from error
    raise Unreadable("neither WAV, PNG, GIF, FLAC nor MP4")


def text(data):
    return data.split(b"\0")[0].decode("utf-8", "replace").strip()


def resolution(width, height):
    return {"width": width, "height": height} if width > 0 and height > 0 else None


def wav(file):
    """RIFF chunks: `fmt ` has bytes per second, `data` their number, LIST/INFO/INAM a title."""
    found, rate, size = {}, 0, None
    file.seek(12)
    for _ in range(MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        kind, length = head[:4], struct.unpack("<I", head[4:])[0]
        place = file.tell()
        if kind == b"fmt ":
            rate = struct.unpack("<I", file.read(12)[8:12])[0]
        elif kind == b"data":
            # A recorder that streamed could not know the length; what is there counts then.
            size = min(length, file.seek(0, 2) - place)
        elif kind == b"LIST" and file.read(4) == b"INFO":
            title = info_title(file.read(min(length - 4, LONGEST_TEXT)))
            if title:
                found["title"] = title
        file.seek(place + length + length % 2)
    if size is None or not rate:
        raise Unreadable("a WAV file without fmt or data chunk")
    return {**found, "duration_ms": size * 1000 // rate}


def info_title(data):
    at = 0
    while at + 8 <= len(data):
        length = struct.unpack("<I", data[at + 4 : at + 8])[0]
        if data[at : at + 4] == b"INAM":
            return text(data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    return ""


def png(file):
    """IHDR comes first; a tEXt or iTXt chunk with the keyword Title may follow. A still lasts 0 ms."""
    file.seek(8)
    found = {"duration_ms": 0}
    for _ in range(MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        length, kind = struct.unpack(">I", head[:4])[0], head[4:]
        place = file.tell()
        if kind == b"IHDR":
            found["resolution"] = resolution(*struct.unpack(">II", file.read(8)))
        elif kind in (b"tEXt", b"iTXt"):
            keyword, _, value = file.read(min(length, LONGEST_TEXT)).partition(b"\0")
            if keyword == b"Title" and kind == b"tEXt":
                found["title"] = value.decode("latin-1").strip()
            elif keyword == b"Title" and value[:1] == b"\0":  # uncompressed
                found["title"] = value[2:].split(b"\0", 2)[2].decode("utf-8", "replace").strip()
        elif kind == b"IEND":
            break
        file.seek(place + length + 4)
    if not found.get("resolution"):
        raise Unreadable("a PNG file without IHDR")
    return found


def gif(file):
    """The screen's size, and the sum of the frames' delays (in hundredths of a second)."""
    file.seek(6)
    width, height, flags = struct.unpack("<HHB", file.read(5))
    file.seek(2, 1)
    if flags & 0x80:
        file.seek(3 * 2 ** ((flags & 7) + 1), 1)
    duration = 0
    for _ in range(MOST_CHUNKS):
        kind = file.read(1)
        if kind == b"!":
            if file.read(1) == b"\xf9":
                duration += struct.unpack("<BBHBB", file.read(6))[2] * 10
            else:
                skip_blocks(file)
        elif kind == b",":
            flags = file.read(9)[8]
            if flags & 0x80:
                file.seek(3 * 2 ** ((flags & 7) + 1), 1)
            file.seek(1, 1)
            skip_blocks(file)
        else:
            break
    found = {"duration_ms": duration}
    size = resolution(width, height)
    return {**found, "resolution": size} if size else found


def skip_blocks(file):
    while (length := file.read(1)) not in (b"", b"\0"):
        file.seek(length[0], 1)


def flac(file):
    """STREAMINFO has rate and samples; a VORBIS_COMMENT block may have TITLE=…"""
    found = {}
    file.seek(4)
    for _ in range(MOST_CHUNKS):
        head = file.read(4)
        if len(head) < 4:
            break
        length = int.from_bytes(head[1:], "big")
        place = file.tell()
        if head[0] & 0x7F == 0:
            packed = int.from_bytes(file.read(18)[10:18], "big")
            rate, samples = packed >> 44, packed & 0xFFFFFFFFF
            found["duration_ms"] = samples * 1000 // rate
        elif head[0] & 0x7F == 4:
            title = vorbis_title(file.read(min(length, LONGEST_TEXT)))
            if title:
                found["title"] = title
        if head[0] & 0x80:
            break
        file.seek(place + length)
    if "duration_ms" not in found:
        raise Unreadable("a FLAC file without STREAMINFO")
    return found


def vorbis_title(data):
    at = 4 + struct.unpack("<I", data[:4])[0]
    (count,) = struct.unpack("<I", data[at : at + 4])
    at += 4
    for _ in range(min(count, MOST_CHUNKS)):
        (length,) = struct.unpack("<I", data[at : at + 4])
        key, _, value = data[at + 4 : at + 4 + length].partition(b"=")
        if key.upper() == b"TITLE":
            return text(value)
        at += 4 + length
    return ""


def mp4(file):
    """moov/mvhd has the duration, the largest trak/tkhd the size, moov/udta/meta/ilst/©nam the title."""
    end = file.seek(0, 2)
    found, sizes = {}, []
    pending, seen = [(0, end)], 0
    while pending:
        at, limit = pending.pop()
        while at + 8 <= limit and seen < MOST_CHUNKS:
            seen += 1
            file.seek(at)
            length, kind = struct.unpack(">I4s", file.read(8))
            body = at + 8
            if length == 1:
                length, body = struct.unpack(">Q", file.read(8))[0], at + 16
            elif length == 0:
                length = limit - at
            if at + length < body:
                raise Unreadable("an MP4 file with a box smaller than its head")
            after = min(at + length, limit)
            if kind in (b"moov", b"trak", b"udta", b"ilst"):
                pending.append((body, after))
            elif kind == b"meta":
                pending.append((body + 4, after))
            elif kind == b"mvhd":
                file.seek(body)
                found["duration_ms"] = movie_duration(file.read(32))
            elif kind == b"tkhd":
                file.seek(body)
                version = file.read(1)[0]
                file.seek(body + (88 if version == 1 else 76))
                sizes.append(tuple(part >> 16 for part in struct.unpack(">II", file.read(8))))
            elif kind == b"\xa9nam":
                file.seek(body)
                box = file.read(min(after - body, LONGEST_TEXT))
                if box[4:8] == b"data":
                    found["title"] = text(box[16:])
            at += length
    if "duration_ms" not in found:
        raise Unreadable("an MP4 file without moov/mvhd")
    size = max((size for size in sizes if all(size)), key=lambda size: size[0] * size[1], default=None)
    return {**found, "resolution": resolution(*size)} if size else found


def movie_duration(box):
    scale, duration = struct.unpack(">IQ", box[20:32]) if box[0] == 1 else struct.unpack(">II", box[12:20])
    return duration * 1000 // scale
