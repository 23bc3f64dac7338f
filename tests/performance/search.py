"""Search at 1,000 and at 100,000 entries, both catalogues side by side.

Each kind of query takes what an HTTP request takes of the database: the hits, their counts, and the first 20
entries with their content.
"""
# ruff: noqa: SIM905, E501 - lists of words read better as one line

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
from support.databases import Database, Databases
from support.servers import running_postgres, secrets
from zhengshu_catalog.entries.listing import Asking, list_entries
from zhengshu_catalog.entries.operations import Unit
from zhengshu_catalog.search.finding import Reader, Search
from zhengshu_catalog.search.terms import vector
from zhengshu_chassis.db import connect

from performance.stage import Figure

SIZES = (1_000, 100_000)
READER = Reader("11350123003615101T", everything=False)
PLACES = "凤山 起步 洪洋 飞竹 鉴江 中房 松山 碧里 白塔 西兰 霍口 县城 滨海 城关 乡镇 村级".split()
THINGS = (
    "低保对象 残疾人 困难家庭 学校 医院 企业 个体工商户 林地 耕地 水库 道路 桥梁 住房 社保缴费 医保参保 养老金 不动产 车辆"
    " 船舶 渔业 茶园 旅游景区 文物 信访 执法 处罚 许可 证照 婚姻 户籍 殡葬 志愿者 党员 干部 岗位 工资 预算 采购 项目 投资"
).split()
KINDS = "名单 台账 明细 登记信息 基本信息 统计表 检查记录 发放记录 审批结果 变更记录 年度报表 月报".split()
QUERIES = {
    "a rare code": "300077",
    "three words": "凤山 残疾人 补贴发放记录",
    "one word of two characters": "低保",
    "a word half of them have": "信息",
    "one character": "水",
    "some of the words": "火箭 桥梁",
}


def titles(n: int) -> Iterator[str]:
    chance = random.Random(20)
    for _ in range(n):
        yield "".join(map(chance.choice, (PLACES, THINGS, KINDS)))


async def fill(database: Database, n: int) -> None:
    """Publish n entries without the ceremony."""
    connection = await asyncpg.connect(database.superuser_url)
    await connection.execute(
        "CREATE TEMPORARY TABLE made (n int, title text, terms text, content text)"
    )
    records = [record(number, title) for number, title in enumerate(titles(n), 1)]
    await connection.copy_records_to_table("made", records=records)
    await connection.execute(
        "INSERT INTO entries (id, code, category, number, provider, provider_name, origin, state, revision,"
        " title, registration, suspended, theme, sharing, grade, update_cycle, terms)"
        " SELECT '307350123001-' || lpad(n::text, 6, '0'), n, '307350123001', n, 'P' || n % 60,"
        " '单位' || n % 60, 'county', 'published', 1, title, 'absent', false, '307', 'conditional',"
        " 'general', 'daily', terms::tsvector FROM made"
    )
    await connection.execute(
        "INSERT INTO revisions (entry, number, state, content, authors, compiled_at)"
        " SELECT '307350123001-' || lpad(n::text, 6, '0'), 1, 'published', content::jsonb, '{}', now()"
        " FROM made"
    )
    await connection.execute("VACUUM ANALYZE entries, revisions")
    await connection.close()


def record(number: int, title: str) -> tuple[int, str, str, str]:
    names = [f"{title[:2]}信息项{n}" for n in range(12)]
    texts = {
        "B": names,
        "C": [f"{title},由有关部门按月汇总上报"],
        "D": [f"307350123001/{300_000 + number}"],
    }
    items = [
        {
            "name": f"c{n}",
            "title": name,
            "type": "C",
            "sharing": "unconditional",
            "opening": "closed",
        }
        for n, name in enumerate(names)
    ]
    content = {
        "category": "307350123001",
        "title": title,
        "abstract": title,
        "format": "database",
        "update_cycle": "daily",
        "items": items,
        "state_secret": False,
        "work_secret": False,
    }
    return number, title, vector(title, texts), json.dumps(content)


async def once(database: Database, words: str) -> float:
    """Return the seconds one search takes."""
    connected = connect(database.url, "bench", pool_size=1)
    try:
        async with connected.reads() as session:
            asking = Asking(Search(words), facets=True)
            await list_entries(Unit.of(session), asking, READER, None, 20)
            start = time.perf_counter()
            await list_entries(Unit.of(session), asking, READER, None, 20)
            return time.perf_counter() - start
    finally:
        await connected.engine.dispose()


async def measure(databases: dict[int, Database], rounds: int) -> list[Figure]:
    found = []
    for name, words in QUERIES.items():
        figure = Figure(f"search, {name}: 100,000 entries against 1,000", unit="ms", wanted="≤ 3")
        for _ in range(rounds):
            figure.theirs.append(await once(databases[SIZES[0]], words) * 1000)
            figure.ours.append(await once(databases[SIZES[1]], words) * 1000)
        found.append(figure)
    return found


async def searching(rounds: int) -> list[Figure]:
    with TemporaryDirectory() as folder, running_postgres(Path(folder)) as server:
        made = Databases(server, secrets(server.directory))
        databases = {size: await made.create("catalog") for size in SIZES}
        for size, database in databases.items():
            await fill(database, size)
        return await measure(databases, rounds)
