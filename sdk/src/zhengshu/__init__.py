"""Client of a county's node for government data.

from zhengshu import Client
with Client("https://node.example", "sys-…", "secret") as node:
    node.push("350123001-000001", open("towns.csv", "rb"), media="text/csv", key="2026-11-22")
    for row in node.rows("350123001-000001", town="eq.凤山镇"):
        ...
    node.export("350123001-000001", Use(purpose="核对低保资格"))
"""

from zhengshu.client import Client, Use
from zhengshu.errors import Refused

__all__ = ["Client", "Refused", "Use"]
