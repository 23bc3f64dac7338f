"""A page of rows as catalog answers it."""

from support.gateway_harness import DATASET, say

ROWS = f"/v1/datasets/{DATASET}/rows"
PAGE = f"GET {ROWS}"


def page(number, rows=({"town": "凤山镇"},), **headers):
    told = {"zhengshu_version": f"1.{number}", "zhengshu_rows": "1", "etag": f'"1.{number}-x"'}
    return say(200, list(rows), **(told | headers))
