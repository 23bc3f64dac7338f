"""Bodies are read the same however they arrive in pieces, and never all at once."""

import csv
import gzip
import io
import itertools
import json
import random
import tracemalloc

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
