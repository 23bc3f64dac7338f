"""Bodies are read the same however they arrive in pieces, and never all at once."""

import csv
import gzip
import io
import itertools
import json
import random
import re
import tracemalloc
from decimal import Decimal

import orjson
import pytest
from catalog.aggregation_harness import TOWNS, town
from catalog.samples import item
from hypothesis import given, settings
from hypothesis import strategies as st
from zhengshu_catalog.aggregation import objects
from zhengshu_catalog.aggregation.bodies import Decoder, Received, texts
from zhengshu_catalog.aggregation.delimited import Delimited
from zhengshu_catalog.aggregation.errors import BodyInvalid
from zhengshu_catalog.aggregation.objects import Objects
from zhengshu_catalog.aggregation.problems import Report
from zhengshu_contracts.vocabulary import ItemType

ITEMS = (item("a"), item("b"), item("c"))
HEADER = "a,b,c\n"
values = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
awkward = st.sampled_from(
    ["", ",", '"', "\n", "\r\n", '","', "},{", '"}]', "\\", "\t", "\\N", "乙"]
)
cells = st.none() | values | awkward
rows = st.lists(st.fixed_dictionaries({"a": cells, "b": cells, "c": cells}), max_size=6)


def pieces(text: str, cuts: list[int]) -> list[str]:
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[i:j] for i, j in itertools.pairwise(places)]


def read(reader, parts: list[str]) -> str:
    return (b"".join(map(reader.feed, parts)) + reader.finish()).decode()


def unescaped(line: str) -> list[str | None]:
    """What COPY makes of a line of its text format."""
    marks = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}
    out = []
    for cell in line.split("\t"):
        parts = iter(cell)
        out.append(
            None
            if cell == "\\N"
            else "".join(marks[next(parts)] if c == "\\" else c for c in parts)
        )
    return out


@given(rows, st.lists(st.integers(0, 10_000), max_size=5), st.booleans())
def test_csv_in_any_pieces(given_rows, cuts, quoted):
    out = io.StringIO()
    style = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    write = csv.writer(out, quoting=style, lineterminator="\r\n").writerow
    for row in given_rows:
        write(row.values())
    report = Report()
    reader = Delimited(ITEMS, report)
    got = read(reader, pieces(HEADER + out.getvalue(), cuts))
    expected = [[cell or "" for cell in row.values()] for row in given_rows]
    assert [row for row in csv.reader(io.StringIO(got, newline="")) if row] == expected
    assert (reader.count, report.rows) == (len(given_rows), {})


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(objects, "BLOCK", 16)


@pytest.mark.usefixtures("small_blocks")
class TestJson:
    @settings(suppress_health_check=[], deadline=None)
    @given(
        rows,
        st.lists(st.integers(0, 10_000), max_size=5),
        st.sampled_from(["lines", "array", "pretty", "ascii"]),
    )
    def test_in_any_pieces(self, given_rows, cuts, style):
        if style == "lines":
            text = "".join(f"{json.dumps(row)}\n" for row in given_rows)
        else:
            text = json.dumps(
                given_rows, indent=1 if style == "pretty" else None, ensure_ascii=style == "ascii"
            )
        report = Report()
        reader = Objects(ITEMS, report, lines=style == "lines")
        got = read(reader, pieces(text, cuts))
        assert [unescaped(line) for line in got.split("\n")[:-1]] == [
            [row[name] for name in "abc"] for row in given_rows
        ]
        assert (reader.count, report.rows) == (len(given_rows), {})

    @settings(suppress_health_check=[], deadline=None)
    @given(rows, st.integers(0, 10_000))
    def test_cut_off_anywhere_it_is_refused(self, given_rows, cut):
        text = json.dumps(given_rows, ensure_ascii=False)
        reader = Objects(ITEMS, Report(), lines=False)
        with pytest.raises(BodyInvalid):
            read(reader, [text[: cut % len(text)]])


@given(st.text(max_size=200), st.lists(st.integers(0, 2_000), max_size=6))
def test_utf8_in_any_pieces(text, cuts):
    body = text.encode("utf-8", "replace")
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    decoder = Decoder(None)
    got = "".join(decoder.feed(body[i:j]) for i, j in itertools.pairwise(places))
    told = got + decoder.finish()
    assert told == body.decode().removeprefix("\ufeff") or decoder.name == "GB18030"


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
@pytest.mark.parametrize("lead", [0, 5000, 300_000])
def test_an_encoding_is_told_wherever_it_shows(codec, lead):
    text = "x" * lead + "温州市鹿城区五马街道" * 1000
    body, decoder = text.encode(codec), Decoder(None)
    got = "".join(decoder.feed(body[i : i + 4097]) for i in range(0, len(body), 4097))
    assert got + decoder.finish() == text
    assert decoder.name == codec.upper()


def decoded(body: bytes, size: int, charset: str | None = None) -> tuple[str, str | None]:
    decoder = Decoder(charset)
    text = "".join(decoder.feed(body[i : i + size]) for i in range(0, len(body), size))
    return text + decoder.finish(), decoder.name


ZHANG, LI = "1,张三\n", "2,李四\n"
LONG = "350123,福建省罗源县凤山镇,女\n" * 2000
MIXTURES = {
    "a line of each": (ZHANG, LI),
    "a long body, then another": (LONG, LI),
    "one line within a long body": (LONG, LI, LONG),
    "far apart in ASCII": (ZHANG + "x,y\n" * 3000, LI),
    "objects on one line": ('[{"name":"张三"},', '{"name":"李四"}]'),
    "after a header": ("编号,姓名\n", LI * 3),
}


@pytest.mark.parametrize("parts", MIXTURES.values(), ids=MIXTURES)
@pytest.mark.parametrize("codecs", [("utf-8", "gb18030"), ("gb18030", "utf-8")])
@pytest.mark.parametrize("size", [1, 4097, 1 << 18])
def test_two_encodings_in_one_body_are_refused(parts, codecs, size):
    body = b"".join(part.encode(codecs[n % 2]) for n, part in enumerate(parts))
    if size == 1 and len(body) > 10_000:
        size = 999
    with pytest.raises(BodyInvalid, match=r"编码"):
        decoded(body, size)


def test_the_line_in_another_encoding_is_told():
    for first, other in (("gb18030", "utf-8"), ("utf-8", "gb18030")):
        odd = "女\n" if other == "gb18030" else LI
        body = ("x\n" * 10).encode() + LONG.encode(first) + odd.encode(other)
        with pytest.raises(BodyInvalid, match="第 2011 行"):
            decoded(body, 4097)


PURE = [
    "1,女\n" * 2000 + "2,男\n",
    "姓名,备注\n艾力·买买提,——\n欧阳喆,朱镕基\n",
    "Dvořák,Ĳssel\nМосква,Ωμέγα\nluóyuán,25°C\n张三,Ů\n",
    "繁體中文,臺灣省\n犇淼焱,𠮷野家\n",
    "涓涓,女女\n",
]


@pytest.mark.parametrize("text", PURE)
@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_odd_texts_in_one_encoding_are_taken(text, codec):
    assert decoded(text.encode(codec), 4097) == (text, codec.upper())
    assert decoded(text.encode(codec), 7, codec) == (text, codec.upper())


def test_declared_utf8_is_what_it_says():
    assert decoded("张三\nŮ\n".encode(), 7, "utf-8")[0] == "张三\nŮ\n"
    with pytest.raises(BodyInvalid, match="混用"):
        decoded("张三\nŮ\n".encode(), 7)


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
def test_a_line_without_end_is_judged_without_keeping_it(codec):
    tracemalloc.start()
    decoder = Decoder(None)
    for _ in range(100):
        decoder.feed("福建省罗源县喆".encode(codec) * 10_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20


def test_the_fast_and_the_careful_way_agree():
    dice = random.Random(3)
    made = [
        town(
            f"{n:09}",
            name=dice.choice(["示例", 'x\t"y', "", None]),
            urban=dice.choice([True, None]),
        )
        | {"founded": None, "seen_at": None, "area": dice.choice([1, 2.5, -0.25, None])}
        for n in range(50)
    ]
    fast = Objects(TOWNS, Report(), lines=False)
    careful = Objects(TOWNS, Report(), lines=False)
    spaced = json.dumps(made, separators=(" , ", " : "))
    assert read(fast, [json.dumps(made)]) == read(careful, [spaced])


digits = st.text("0123456789", min_size=1, max_size=25)
numbers = st.builds(
    lambda sign, whole, part, power: f"{sign}{whole.lstrip('0') or '0'}{part}{power}",
    st.sampled_from(["", "-"]),
    digits,
    st.just("") | digits.map(lambda part: f".{part}"),
    st.sampled_from(["", "", "e2", "E-7", "e+30"]),
) | st.sampled_from(
    ["12.340000000000000000001", "0.00005", "20000000000000000000", "1e2", "-0", "0.1", "NaN", "1e999"]
)  # fmt: skip
NUMBERS = (item("a", type=ItemType.NUMERIC), item("b"), item("c", type=ItemType.INTEGER))


def exactly(cell: str | None) -> object:
    """A number by its value; what is no plain number as it is written."""
    return Decimal(cell) if cell and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", cell) else cell


@given(st.lists(st.tuples(numbers, st.sampled_from(['"x"', "1", "2.5"])), min_size=1, max_size=5))
def test_numbers_are_read_alike_the_fast_and_the_careful_way(written):
    body = ",".join(f'{{"a":{a},"b":{b},"c":{a}}}' for a, b in written)
    told = []
    for text in (body, body.replace(":", " : ")):
        report = Report()
        got = read(Objects(NUMBERS, report, lines=False), [f"[{text}]"])
        told.append(([[*map(exactly, unescaped(line))] for line in got.split("\n")], report.rows))
    assert told[0] == told[1]


async def test_memory_stays_bounded():
    row = orjson.dumps(town("350123001", name="镇" * 20, founded=None, seen_at=None, urban=None))
    zipped = gzip.compress(b"[" + b",".join([row] * 400_000) + b"]", compresslevel=1)

    async def body():
        for at in range(0, len(zipped), 65536):
            yield zipped[at : at + 65536]

    reader = Objects(TOWNS, Report(), lines=False)
    tracemalloc.start()
    async for text in texts(body(), Received(), encoding="gzip", charset=None):
        reader.feed(text)
    reader.finish()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reader.count == 400_000
    assert peak < 24 << 20
