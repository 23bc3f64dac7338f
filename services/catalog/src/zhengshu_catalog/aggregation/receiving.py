"""Which reader takes a body: chosen by its media type, over whatever stream it comes in."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from zhengshu_contracts.catalog import Item
from zhengshu_contracts.vocabulary import BatchMode

from zhengshu_catalog.aggregation import bodies, files
from zhengshu_catalog.aggregation.delimited import Delimited
from zhengshu_catalog.aggregation.errors import FormatNotRead
from zhengshu_catalog.aggregation.objects import Objects
from zhengshu_catalog.aggregation.operations import Body
from zhengshu_catalog.aggregation.problems import Report
from zhengshu_catalog.aggregation.staging import Reader

LINES = frozenset({"application/x-ndjson", "application/ndjson"})
FORMATS = ("application/json", "application/x-ndjson", "text/csv", files.XLSX, files.PARQUET)


@dataclass(frozen=True, slots=True)
class Form:
    """What a request says of its body."""

    media: str
    charset: str | None
    encoding: str

    @classmethod
    def of(cls, request: Request) -> "Form":
        """Read the headers; refuse what is not read at all."""
        media, _, parameters = request.headers.get("content-type", "").partition(";")
        media = media.strip().lower()
        if media not in {*FORMATS, *LINES}:
            raise FormatNotRead(
                f"不支持的 Content-Type {media[:60] or '(缺少)'}", next=f"可用:{'、'.join(FORMATS)}"
            )
        encoding = request.headers.get("content-encoding", "").strip().lower()
        return cls(media, _charset(parameters), encoding)


def body(stream: AsyncIterator[bytes], form: Form, items: Sequence[Item], mode: BatchMode) -> Body:
    """Return a body about to be read; a deletion needs the key's columns alone."""
    received, report = bodies.Received(), Report()
    if form.media in files.LARGEST:
        pieces = bodies.pieces(stream, received, encoding=form.encoding)
        texts = files.texts(pieces, form.media, report)
    else:
        texts = bodies.texts(stream, received, encoding=form.encoding, charset=form.charset)
    whole = mode is not BatchMode.DELETE
    return Body(_reader(form.media, items, report, whole=whole), report, texts, received)


def _reader(media: str, items: Sequence[Item], report: Report, *, whole: bool) -> Reader:
    if media == "text/csv" or media in files.LARGEST:
        return Delimited(items, report, whole=whole)
    return Objects(items, report, lines=media in LINES)


def _charset(parameters: str) -> str | None:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value
    return None
