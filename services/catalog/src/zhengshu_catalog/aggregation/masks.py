"""Masks as SQL: what a value becomes before it leaves PostgreSQL. Pure; null stays null."""

from zhengshu_chassis.rows import Sql
from zhengshu_contracts.limits import HashMask, KeepMask, Mask, PeriodMask, StepMask, TruncateMask


def masked(mask: Mask, value: str, kind: str, key: bytes, sql: Sql) -> str:
    """Return the masked form of a value of this SQL type; `key` is the hash's."""
    match mask:
        case KeepMask(first=first, last=last):
            length = f"length({value})"
            kept = (
                f"left({value}, {first}) || repeat('*', {length} - {first + last})"
                f" || right({value}, {last})"
            )
            return f"CASE WHEN {length} > {first + last} THEN {kept} ELSE repeat('*', {length}) END"
        case TruncateMask(length=length_kept):
            return f"left({value}, {length_kept})"
        case HashMask():
            # The inner hash has a fixed length, so a prefix key is sound.
            inner = f"sha256(convert_to({value}::text, 'UTF8'))"
            return f"left(encode(sha256({sql.bind(key)}::bytea || {inner}), 'hex'), 32)"
        case PeriodMask(unit=unit):
            if kind == "timestamptz":
                return f"date_trunc('{unit}', {value}, 'Asia/Shanghai')"
            return f"date_trunc('{unit}', {value}::timestamp)::date"
        case StepMask(width=width):
            exact = value if kind == "double precision" else f"{value}::numeric"
            return f"(floor({exact} / {width}) * {width})::{kind}"


def type_of(mask: Mask, kind: str) -> str:
    """Return the SQL type of a masked value."""
    return "text" if isinstance(mask, HashMask) else kind
