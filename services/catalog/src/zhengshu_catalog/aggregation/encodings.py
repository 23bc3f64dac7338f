"""UTF-8 or GB18030: which of the two a text is in, and whether the other is mixed into it.

Neither codec notices by itself: every second text in UTF-8 is also valid GB18030 (and reads as rubbish), and
words like 女 in GB18030 are valid UTF-8. What betrays a line is that its reading has characters that nobody
uses while the other encoding's reading has only common ones. "Common" is the set of GB 2312.
"""

import codecs
import re
from collections.abc import Iterator

from zhengshu_catalog.aggregation.errors import BodyInvalid

UTF8, GB18030 = "utf-8", "gb18030"
LONGEST = 1 << 17
"""Bytes of a line that are judged together."""

_END = re.compile(rb"[\n}]")
"""What parts rows; where all of JSON is one line, its objects. A byte of a character taken for it hides a
line at worst."""
_SHORT = bytes(range(0xC4, 0xE0))
"""What begins a letter of a faraway alphabet in UTF-8, and is no other byte of Chinese in UTF-8."""
_LIKE_UTF8 = re.compile(rb"(?:[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2})*")
_LEVEL1 = re.compile(rb"(?:[\x00-\x7f]|[\xb0-\xd7][\xa1-\xfe])*")
"""The 3755 characters that GB 2312 calls the most used."""
_WIDE = re.compile("[\u2e80-\uffff]")
_LATIN = re.compile("[\u00a0-\u00ff]")


def told(sample: bytes, *, final: bool) -> str:
    """Tell the encoding by a first sample that need not end where a character does."""
    readings = [codec for codec in (UTF8, GB18030) if _read(sample, codec, final=final) is not None]
    for codec in readings:
        if not any(_lines_of_the_other(_whole(sample, final=final), codec)):
            return codec
    lines = sample.split(b"\n")[: None if final else -1]
    if readings or (lines and all(map(_readable, lines))):
        raise mixed()
    raise BodyInvalid("数据既不是 UTF-8 也不是 GB18030 编码", next="请另存为 UTF-8 后推送")


def mixed(line: int | None = None) -> BodyInvalid:
    """Say that a text is not in one encoding."""
    where = "" if line is None else f"(第 {line} 行附近,表头也算一行)"
    return BodyInvalid(
        f"数据中混用了 UTF-8 与 GB18030 两种编码{where}",
        next="请统一为 UTF-8 后重新推送;确是 UTF-8 的,可在 Content-Type 中写明 charset=utf-8",
    )


class Watch:
    """Looks at a body that is being read in one encoding, for lines that are in the other."""

    def __init__(self, codec: str, line: int = 1) -> None:
        self._codec = codec
        self._rest = b""
        self._line = line

    def see(self, piece: bytes, *, final: bool = False) -> None:
        """Refuse the body if a line that is whole by now is in the other encoding."""
        piece = self._rest + piece
        whole = _whole(piece, final=final)
        self._rest = piece[len(whole) :]
        for place in _lines_of_the_other(whole, self._codec):
            raise mixed(self._line + whole.count(b"\n", 0, place))
        self._line += whole.count(b"\n")


def _whole(raw: bytes, *, final: bool) -> bytes:
    """Return the lines that are whole, or all if the last is too long to wait for."""
    end = max(raw.rfind(b"\n"), raw.rfind(b"}")) + 1
    return raw if final or len(raw) - end > LONGEST else raw[:end]


def _lines_of_the_other(raw: bytes, codec: str) -> Iterator[int]:
    """Yield where lines begin that must be in the other encoding; nearly always one look at all is enough."""
    suspected, judge = _JUDGES[codec]
    if raw.isascii() or not suspected(raw):
        return
    at = 0
    for line in _END.split(raw):
        if not line.isascii() and judge(line):
            yield at
        at += len(line) + 1


def _has_rare(raw: bytes) -> bool:
    return _read(raw, "gb2312", final=True) is None


def _has_short(raw: bytes) -> bool:
    return len(raw.translate(None, _SHORT)) < len(raw)


def _rather_utf8(line: bytes) -> bool:
    """Judge a line that is being read as GB18030."""
    if not _LIKE_UTF8.fullmatch(line) or not _has_rare(line):
        return False
    other = _read(line, UTF8, final=True)
    return other is not None and _WIDE.search(other) is not None and _common(other)


def _rather_gb18030(line: bytes) -> bool:
    """Judge a line that is being read as UTF-8."""
    other = _read(line, UTF8, final=True)
    return _LEVEL1.fullmatch(line) is not None and other is not None and not _common(other)


_JUDGES = {UTF8: (_has_short, _rather_gb18030), GB18030: (_has_rare, _rather_utf8)}


def _read(raw: bytes, codec: str, *, final: bool) -> str | None:
    try:
        return codecs.getincrementaldecoder(codec)().decode(raw, final)
    except UnicodeDecodeError:
        return None


def _readable(line: bytes) -> bool:
    return any(_read(line, codec, final=True) is not None for codec in (UTF8, GB18030))


def _common(text: str) -> bool:
    """Tell whether all of a text is in GB 2312 (two of its marks have other code points there) or Latin."""
    text = text.replace("·", "\u30fb").replace("—", "\u2015")
    try:
        _LATIN.sub("", text).encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
