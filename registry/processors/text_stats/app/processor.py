"""Counts words, lines, characters and bytes of a text, and its most frequent words."""

import json
import re
from collections import Counter

from .protocol import Output, RunError

REQUIRED_SECRETS = ()
OPTIONAL_SECRETS = ()
PART = 64 << 10


def outputs(run, progress):
    """The outputs of a run; `progress` is called with the share that is done. Mock and real are the same here."""
    text, top = run.params.get("text"), run.params.get("top", 5)
    if not isinstance(text, str):
        raise RunError("ERR_INPUTS", "/inputs/params/text: a text")
    if not isinstance(top, int) or isinstance(top, bool) or not 0 <= top <= 100:
        raise RunError("ERR_INPUTS", "/inputs/params/top: a whole number from 0 to 100")
    words = Counter()
    counted = 0
    progress(0.0)
    for part in parts(text):
        words.update(re.findall(r"\w+(?:['’]\w+)*", part.lower()))
        counted += len(part)
        progress(round(counted / len(text), 3))
    stats = {
        "bytes": len(text.encode()),
        "characters": len(text),
        "lines": text.count("\n") + (not text.endswith("\n") and text != ""),
        "words": words.total(),
        "top_words": [{"word": w, "count": n} for w, n in sorted(words.items(), key=lambda i: (-i[1], i[0]))[:top]],
    }
    data = json.dumps(stats, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return [Output("stats.json", data, "application/json")]


def parts(text):
    """The text in parts that end between words, so that no word is counted twice."""
    start = 0
    while start < len(text):
        end = start + PART
        while end < len(text) and not text[end].isspace():
            end += 1
        yield text[start:end]
        start = end
