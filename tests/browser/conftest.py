"""One node whose story has been told, for every page that is looked at."""

from collections.abc import Iterator

import pytest
from support.servers import running_node
from zhengshu_local import demo
from zhengshu_local.demo.teller import Teller
from zhengshu_local.node import Node


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A running node on which the demo's story happened."""
    with running_node(tmp_path_factory.mktemp("node")) as node:
        assert demo.tell(demo.doors_of(node), Teller(lambda _: None)) == 0
        yield node
