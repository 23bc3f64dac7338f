"""An export as XLSX: PostgreSQL writes the rows' XML, this puts the workbook around it as it streams.

Texts stand in the cells themselves and are never formulas; a number with more digits than a spreadsheet
keeps is given as text. Days are days, moments are Beijing time.
"""

import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import IO, cast
from xml.sax.saxutils import escape

from zhengshu_chassis.rows import Sql
from zhengshu_chassis.rows.compile import identifier

from zhengshu_catalog.aggregation.outflow import Outflow
from zhengshu_catalog.aggregation.reading import Statement

MOST_ROWS = 1_048_575
"""Rows of a sheet, less the header."""
LONGEST_TEXT = 32_767

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
    f' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override'
    f' PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/><Override'
    f' PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/><Override'
    f' PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1"'
    f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="数据" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164"'
    ' formatCode="yyyy\\-mm\\-dd"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/>'
    '</numFmts><fonts count="1"><font/></fonts><fills count="2">'
    '<fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3">'
    '<xf/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/>'
    "</cellXfs><cellStyles count='1'><cellStyle name='Normal' xfId='0'/></cellStyles></styleSheet>",
}
_CONTROLS = "".join(map(chr, (*range(1, 9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)))


def statement(rows: Statement, types: Mapping[str, str]) -> Statement:
    """Return the XML of each of these rows, one text a row."""
    sql = Sql()
    sql.arguments.extend(rows.arguments)
    cells = " || ".join(
        f"coalesce({_cell(f'q.{identifier(n)}', t, sql)}, '<c/>')" for n, t in types.items()
    )
    return Statement(
        f"SELECT '<row>' || {cells} || '</row>' FROM ({rows.text}) q",  # noqa: S608 - names are items'
        tuple(sql.arguments),
    )


def measure(rows: Statement, types: Mapping[str, str]) -> Statement:
    """Return how many rows there are, and the longest text in them."""
    lengths = [f"length(q.{identifier(name)})" for name, kind in types.items() if kind == "text"]
    longest = f"max(greatest({', '.join(lengths)}))" if lengths else "0"
    text = f"SELECT count(*) AS rows, {longest} AS longest FROM ({rows.text}) q"  # noqa: S608 - names are items'
    return Statement(text, rows.arguments)


def _cell(value: str, kind: str, sql: Sql) -> str:
    if kind == "boolean":
        return f"'<c t=\"b\"><v>' || {value}::int || '</v></c>'"
    if kind == "date":
        days = f"'<c s=\"1\"><v>' || ({value} - date '1899-12-30') || '</v></c>'"
        return (
            f"CASE WHEN {value} >= '1900-03-01' THEN {days} ELSE {_text(f'{value}::text', sql)} END"
        )
    if kind == "timestamptz":
        here = f"({value} AT TIME ZONE 'Asia/Shanghai')"
        days = f"round(extract(epoch FROM {here} - timestamp '1899-12-30') / 86400, 9)"
        shown = f"'<c s=\"2\"><v>' || {days} || '</v></c>'"
        return (
            f"CASE WHEN {here} >= '1900-03-01' THEN {shown} ELSE {_text(f'{here}::text', sql)} END"
        )
    if kind in {"bigint", "numeric"}:
        digits = f"length(translate({value}::text, '-.', '')) <= 15"
        plain = f"'<c><v>' || {value} || '</v></c>'"
        return f"CASE WHEN {digits} THEN {plain} ELSE {_text(f'{value}::text', sql)} END"
    if kind == "double precision":
        return f"'<c><v>' || {value} || '</v></c>'"
    return _text(value, sql)


def _text(value: str, sql: Sql) -> str:
    clean = f"translate({value}, {sql.bind(_CONTROLS)}::text, '')"
    for mark, written in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        clean = f"replace({clean}, '{mark}', '{written}')"
    clean = f"replace(replace({clean}, E'\\n', '&#10;'), E'\\r', '&#13;')"
    return f"'<c t=\"inlineStr\"><is><t xml:space=\"preserve\">' || {clean} || '</t></is></c>'"


async def workbook(rows: AsyncIterator[bytes], header: Sequence[str]) -> AsyncIterator[bytes]:
    """Yield a workbook of one sheet around the rows' XML."""
    taken = Outflow()
    with zipfile.ZipFile(
        cast("IO[bytes]", taken), "w", zipfile.ZIP_DEFLATED, compresslevel=1
    ) as archive:
        for name, content in _PARTS.items():
            archive.writestr(name, _HEAD + content)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            titles = "".join(
                f'<c t="inlineStr"><is><t>{escape(title)}</t></is></c>' for title in header
            )
            lead = f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData><row>{titles}</row>'
            sheet.write(lead.encode())
            async for piece in rows:
                sheet.write(piece)
                if done := taken.take():
                    yield done
            sheet.write(b"</sheetData></worksheet>")
    yield taken.take()
