"""A push's body as text: received, hashed, unzipped, decoded, piece by piece.

Knows nothing of rows. Memory is bounded by the size of one piece; what unzips to more than the limit, or
suspiciously more than was sent, is refused on the way.
"""

import codecs
import hashlib
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from zhengshu_catalog.aggregation import encodings
from zhengshu_catalog.aggregation.errors import BatchTooLarge, BodyInvalid, FormatNotRead

PIECE = 1 << 18
LARGEST = 4 << 30
"""Bytes after unzipping."""
RATIO = 200
"""Text does not shrink further than this; a bomb does."""
SAMPLE = 4096
"""Bytes from the first that is not ASCII by which the encoding is told."""

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(slots=True)
class Received:
    """What came in so far: its hash and size as sent, and its encoding once known."""

    hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    size: int = 0
    encoding: str | None = None

    @property
    def digest(self) -> bytes:
        """SHA-256 of the body as it was sent."""
        return self.hash.digest()


async def drained(stream: AsyncIterator[bytes]) -> bytes:
    """Read a body to its end and return its SHA-256."""
    received = Received()
    async for _ in counted(stream, received):
        pass
    return received.digest


def pieces(
    stream: AsyncIterator[bytes], received: Received, *, encoding: str
) -> AsyncIterator[bytes]:
    """Yield the body unzipped; `encoding` is its Content-Encoding."""
    if encoding not in {"", "identity", "gzip"}:
        raise FormatNotRead(f"不支持的内容编码 {encoding}", next="请使用 gzip 或不压缩")
    return _unzipped(counted(stream, received), encoding == "gzip")


async def texts(
    stream: AsyncIterator[bytes], received: Received, *, encoding: str, charset: str | None
) -> AsyncIterator[str]:
    """Yield the body as text; `encoding` is its Content-Encoding, `charset` what was declared."""
    decoder = Decoder(charset)
    async for piece in pieces(stream, received, encoding=encoding):
        if text := decoder.feed(piece):
            yield text
    received.encoding = decoder.name
    if text := decoder.finish():
        yield text
    received.encoding = decoder.name


async def counted(stream: AsyncIterator[bytes], received: Received) -> AsyncIterator[bytes]:
    """Yield the body as it is sent, hashed and bounded."""
    async for piece in stream:
        received.hash.update(piece)
        received.size += len(piece)
        if received.size > LARGEST:
            raise BatchTooLarge(f"至多 {LARGEST >> 30} GiB", next="请分批推送")
        for at in range(0, len(piece), PIECE):
            yield piece[at : at + PIECE]


async def _unzipped(stream: AsyncIterator[bytes], declared: bool) -> AsyncIterator[bytes]:
    """Unzip what is declared or plainly is gzip; several members may follow one another."""
    unzip: _Unzip | None = None
    head = b""
    async for piece in stream:
        if unzip is None and len(head) < 2:
            head += piece
            if len(head) < 2:
                continue
            piece, unzip = head, _Unzip() if declared or head[:2] == _GZIP else None  # noqa: PLW2901 - the same piece, whole
        for out in unzip.feed(piece) if unzip else [piece]:
            yield out
    if len(head) == 1:
        yield head
    if unzip:
        unzip.finish()


class _Unzip:
    """Gzip members, one after another, each piece bounded."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._in = 0
        self._out = 0

    def feed(self, piece: bytes) -> "list[bytes] | _Pieces":
        """Return what a piece unzips to."""
        self._in += len(piece)
        return _Pieces(self, piece)

    def step(self, rest: bytes) -> tuple[bytes, bytes]:
        """Unzip at most one piece; return it and what remains to be unzipped."""
        if self._member.eof:
            self._member = zlib.decompressobj(wbits=31)
        try:
            out = self._member.decompress(rest, PIECE)
        except zlib.error as error:
            raise BodyInvalid("gzip 内容已损坏", next="请重新压缩后推送") from error
        self._out += len(out)
        if self._out > LARGEST or self._out > max(self._in * RATIO, 64 << 20):
            raise BatchTooLarge("解压后的内容过大或压缩比异常", next="请分批推送")
        return out, self._member.unused_data or self._member.unconsumed_tail

    def finish(self) -> None:
        """Refuse a body that ended within a member."""
        if not self._member.eof:
            raise BodyInvalid("gzip 内容不完整", next="请检查传输是否中断,然后重新推送")


class _Pieces:
    """Iterates over what one received piece unzips to."""

    def __init__(self, unzip: _Unzip, piece: bytes) -> None:
        self._unzip = unzip
        self._rest = piece

    def __iter__(self) -> "_Pieces":
        return self

    def __next__(self) -> bytes:
        while self._rest:
            out, self._rest = self._unzip.step(self._rest)
            if out:
                return out
        raise StopIteration


class Decoder:
    """Bytes → text: the charset that was declared, a byte order mark, or what the first bytes tell."""

    def __init__(self, charset: str | None) -> None:
        self._kept = b""
        self._fed = False
        self._decode: codecs.IncrementalDecoder | None = None
        self._watch: encodings.Watch | None = None
        self._line = 1
        self.name: str | None = None
        if charset:
            self._take(_known(charset), sure=True)

    def feed(self, piece: bytes, *, final: bool = False) -> str:
        """Return the text of a piece, as far as it is decided."""
        piece = self._kept + piece
        self._kept = b""
        if not self._fed:
            if len(piece) < len(_BOM) and not final:
                self._kept = piece
                return ""
            piece = self._marked(piece)
        if self._decode is None and not piece.isascii():
            start = next(i for i, byte in enumerate(piece) if byte > 127)
            if len(piece) - start < SAMPLE and not final:
                self._kept = piece[start:]
                return self._text(piece[:start], final=False)
            self._take(encodings.told(piece[start:], final=final))
        return self._text(piece, final=final)

    def finish(self) -> str:
        """Return what is left; refuse a character that was cut off."""
        text = self.feed(b"", final=True)
        self.name = self.name or "UTF-8"
        return text

    def _marked(self, piece: bytes) -> bytes:
        self._fed = True
        if piece.startswith(_UTF16):
            raise BodyInvalid("数据是 UTF-16 编码", next="请另存为 UTF-8 后推送")
        if piece.startswith(_BOM):
            self._take(encodings.UTF8, sure=True)
            return piece[len(_BOM) :]
        return piece

    def _text(self, piece: bytes, *, final: bool) -> str:
        if self._decode is None:
            self._line += piece.count(b"\n")
            return piece.decode("ascii")
        try:
            text = self._decode.decode(piece, final)
        except UnicodeDecodeError as error:
            raise BodyInvalid(
                f"数据以 {self.name} 编码开始,其后出现不属于该编码的字节",
                next="请检查是否混用了不同编码,统一为 UTF-8 后重新推送",
            ) from error
        if self._watch:
            self._watch.see(piece, final=final)
        return text

    def _take(self, codec: str, *, sure: bool = False) -> None:
        """Decode by this; UTF-8 that was declared is what it says, GB18030 is written where UTF-8 is."""
        self._decode = codecs.getincrementaldecoder(codec)()
        self._watch = (
            None if sure and codec == encodings.UTF8 else encodings.Watch(codec, self._line)
        )
        self.name = codec.upper()


def _known(charset: str) -> str:
    name = charset.strip().strip('"').lower()
    if name in {"utf-8", "utf8"}:
        return encodings.UTF8
    if name in {"gb18030", "gbk", "gb2312"}:
        return encodings.GB18030
    raise FormatNotRead(f"不支持的字符集 {charset[:20]}", next="请使用 UTF-8 或 GB18030")
