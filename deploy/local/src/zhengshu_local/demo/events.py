"""Step 10: an integrator on NATS has received everything it may hear, in order and without a gap."""

import asyncio
from collections import defaultdict

from zhengshu import events
from zhengshu_contracts.base import Envelope

from zhengshu_local.demo import samples
from zhengshu_local.demo.cast import Cast


def subscribe(cast: Cast) -> None:
    """Step 10."""
    cast.teller.chapter(10, "集成商经 NATS 接收数据集事件")
    system, client = cast.system_ids["market"], cast.systems["market"]
    _one_more_version(cast)
    heard = asyncio.run(_listen(cast.doors.nats, system, client.token()))
    versions: dict[str, list[int]] = defaultdict(list)
    for event in heard:
        versions[event.data["dataset"]].append(event.data["version"])
    mine = {name: versions.get(id_, []) for name, id_ in cast.datasets.items()}
    cast.teller.tell("收到的版本:" + ",".join(f"{k} {v}" for k, v in mine.items()))
    for name in ("towns", "schools", "aid", "outages"):
        newest = int(cast.entry(name)["version"].split(".")[1])
        cast.teller.check(f"{name}:版本连续无缺", mine[name] == list(range(1, newest + 1)))
    cast.teller.check("不予共享的数据没有任何事件", not mine["survey"])
    everything = "".join(event.model_dump_json() for event in heard)
    cast.teller.check("事件不含数据内容", "示例甲" not in everything)


def _one_more_version(cast: Cast) -> None:
    row = ["S350123006", "示例第三小学", "小学", "飞竹镇示例路6号", 300]
    body = samples.table(samples.SCHOOLS, [row])
    cast.systems["education"].push(cast.datasets["schools"], body)


async def _listen(url: str, system: str, token: str) -> list[Envelope]:
    """Pull until nothing more comes."""
    connection = await events.connect(url, system, token)
    try:
        subscription = events.Subscription(connection, system)
        heard: list[Envelope] = []
        while deliveries := await subscription.fetch(wait=2):
            for delivery in deliveries:
                heard.append(delivery.event)
                await subscription.ack(delivery)
        return heard
    finally:
        await connection.close()
