"""Parquet as it arrives → CSV text, batch by batch. pyarrow is imported only when there is some."""

import io
from collections.abc import Iterator
from typing import IO, Any

from zhengshu_catalog.aggregation.errors import BatchTooLarge, BodyInvalid

BATCH = 4096
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
