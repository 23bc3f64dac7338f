"""One county on one node for the whole folder: each test leaves it whole, or says what it left behind."""

from collections.abc import Iterator

import pytest
from support.county import County
from support.servers import free_base
from support.settling import settle
from zhengshu_local.node import Node

SERVICES = ("catalog", "sharing", "opening", "audit")


class Fragile(Node):
    """A node that offers again within seconds what an outage held up, and can be armed while it runs."""

    def env(self, name: str) -> dict[str, str]:
        hurry = {f"ZHENGSHU_{name.upper()}_OFFER_CEILING": "2"} if name in SERVICES else {}
        points = {"ZHENGSHU_FAILPOINTS": f"@{self.directory / 'armed' / name}"}
        return super().env(name) | hurry | points


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """People, two served datasets, one of them open."""
    node = Fragile(tmp_path_factory.mktemp("county"), free_base())
    (node.directory / "armed").mkdir()
    node.start()
    try:
        made = settle(node)
        yield made
        made.close()
    finally:
        node.stop()
