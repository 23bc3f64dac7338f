"""Bodies that are files rather than streams of rows: kept aside whole, then read as CSV text, piece by piece.

Reading is other threads' work; what they yield goes through the same door as a pushed CSV.
"""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from typing import IO

from zhengshu_catalog.aggregation import columnar, workbooks
from zhengshu_catalog.aggregation.bodies import PIECE
from zhengshu_catalog.aggregation.errors import BatchTooLarge
from zhengshu_catalog.aggregation.problems import Report

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"
LARGEST = {XLSX: 256 << 20, PARQUET: 2 << 30}
TOGETHER = 500
"""Rows of a sheet turned into text at a time."""

Opened = Callable[[IO[bytes]], Iterator[str]]


async def texts(pieces: AsyncIterator[bytes], media: str, report: Report) -> AsyncIterator[str]:
    """Yield a file's rows as CSV text, the header first."""
    opened: Opened = columnar.texts if media == PARQUET else (lambda file: _sheet(file, report))
    with tempfile.TemporaryFile() as file:
        size = 0
        async for piece in pieces:
            size += len(piece)
            if size > LARGEST[media]:
                raise BatchTooLarge(f"文件至多 {LARGEST[media] >> 20} MiB", next="请分批推送")
            file.write(piece)
        file.seek(0)
        read = opened(file)
        while (text := await asyncio.to_thread(next, read, None)) is not None:
            for at in range(0, len(text), PIECE):
                yield text[at : at + PIECE]


def _sheet(file: IO[bytes], report: Report) -> Iterator[str]:
    def told(row: int, code: str, cell: str, value: str | None) -> None:
        report.add(row, code, value=value, cell=cell)

    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    width = held = 0
    for row in workbooks.rows(file, told):
        # Cells after the last value are not in the file; a row may end early, as a line of CSV may not.
        width = width or len(row)
        write(row + [""] * (width - len(row)))
        held += 1
        if held == TOGETHER or out.tell() > PIECE:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
            held = 0
    yield out.getvalue()
