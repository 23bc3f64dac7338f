"""Parquet → CSV text as it arrives, COPY's CSV → Parquet as it leaves; pyarrow is imported only then."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import IO, Any

from zhengshu_catalog.aggregation.errors import BatchTooLarge, BodyInvalid
from zhengshu_catalog.aggregation.outflow import Outflow

BATCH = 4096
BLOCK = 4 << 20
"""Bytes of CSV that make a row group."""
LARGEST_GROUP = 512 << 20
"""Bytes of one row group, uncompressed."""


def texts(file: IO[bytes]) -> Iterator[str]:
    """Yield the rows as CSV, the header first."""
    import pyarrow as pa  # noqa: PLC0415 - 60 MB that most processes never need
    from pyarrow import csv, parquet  # noqa: PLC0415

    try:
        source = parquet.ParquetFile(file)
        _bound(source)
        yield _header(source.schema_arrow.names)
        for batch in source.iter_batches(BATCH, use_threads=False):
            columns = [_plain(pa, column) for column in batch.columns]
            out = io.BytesIO()
            options = csv.WriteOptions(include_header=False)
            csv.write_csv(pa.table(columns, names=batch.schema.names), out, options)
            yield out.getvalue().decode()
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise BodyInvalid(
            "不是可读取的 Parquet 文件,或文件已损坏", next="请重新导出后推送"
        ) from error


def _bound(source: Any) -> None:
    groups = range(source.metadata.num_row_groups)
    if any(source.metadata.row_group(n).total_byte_size > LARGEST_GROUP for n in groups):
        raise BatchTooLarge(
            f"Parquet 的行组过大(至多 {LARGEST_GROUP >> 20} MiB)", next="请缩小行组后重新导出"
        )
    import pyarrow as pa  # noqa: PLC0415

    nested = [f.name for f in source.schema_arrow if pa.types.is_nested(f.type)]
    binary = [f.name for f in source.schema_arrow if _is_binary(pa, f.type)]
    if nested or binary:
        raise BodyInvalid(
            f"列 {'、'.join([*nested, *binary][:20])} 不是单个值的类型",
            next="请改为文本、数字或日期",
        )


def _is_binary(pa: Any, kind: Any) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _header(names: list[str]) -> str:
    return ",".join('"' + name.replace('"', '""') + '"' for name in names) + "\n"


def _plain(pa: Any, column: Any) -> Any:
    """Return a column whose CSV text is what is pushed: no dictionaries, no nanoseconds."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(pa, column.cast(kind.value_type))
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return column.cast(pa.timestamp("us", kind.tz), safe=False)
    if pa.types.is_decimal(kind):
        return column.cast(pa.string())
    return column


async def table(
    lines: AsyncIterator[bytes], types: Mapping[str, str], scales: Mapping[str, tuple[int, int]]
) -> AsyncIterator[bytes]:
    """Yield rows of COPY's CSV, without a header, as a Parquet file; `scales` are digits and decimals."""
    writer = _Writer(types, scales)
    held = bytearray()
    async for piece in lines:
        held += piece
        if len(held) > BLOCK and (end := _whole(held)):
            done = await asyncio.to_thread(writer.add, bytes(held[:end]))
            del held[:end]
            if done:
                yield done
    yield await asyncio.to_thread(writer.end, bytes(held))


def _whole(held: bytearray) -> int:
    """Return where the last whole row ends: at a line break before which quotes are even."""
    end = held.rfind(b"\n") + 1
    quotes = held.count(b'"', 0, end)
    while end and quotes % 2:
        before = held.rfind(b"\n", 0, end - 1) + 1
        quotes -= held.count(b'"', before, end)
        end = before
    return end


class _Writer:
    """Blocks of CSV → row groups."""

    def __init__(self, types: Mapping[str, str], scales: Mapping[str, tuple[int, int]]) -> None:
        import pyarrow as pa  # noqa: PLC0415 - see above
        from pyarrow import parquet  # noqa: PLC0415

        plain = {
            "bigint": pa.int64(),
            "double precision": pa.float64(),
            "date": pa.date32(),
            "timestamptz": pa.timestamp("us", "UTC"),
            "boolean": pa.bool_(),
        }
        self._types = {
            name: pa.decimal128(*scales[name]) if name in scales else plain.get(kind, pa.string())
            for name, kind in types.items()
        }
        self._sink = Outflow()
        self._writer = parquet.ParquetWriter(self._sink, pa.schema(list(self._types.items())))

    def add(self, block: bytes) -> bytes:
        """Write a block of whole rows; return what of the file is done."""
        from pyarrow import csv  # noqa: PLC0415 - see above

        read = csv.read_csv(
            io.BytesIO(block),
            csv.ReadOptions(column_names=list(self._types), use_threads=False),
            csv.ParseOptions(newlines_in_values=True),
            csv.ConvertOptions(
                column_types=self._types,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                true_values=["t"],
                false_values=["f"],
            ),
        )
        self._writer.write_table(read)
        return self._sink.take()

    def end(self, block: bytes) -> bytes:
        """Write the last rows and the file's end."""
        last = self.add(block) if block else b""
        self._writer.close()
        return last + self._sink.take()
