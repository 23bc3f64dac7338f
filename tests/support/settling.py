"""How a county of the fault tests comes into being on a fresh node."""

from functools import partial

from support.county import County, Person, until
from zhengshu import Client
from zhengshu_local.demo import samples
from zhengshu_local.node import Node


def settle(node: Node) -> County:
    """Register who is needed, publish two datasets, push to them, and have them served."""
    officer = node.secrets.pair("clients", "officer")
    door = Client(node.url("gateway"), officer["client_id"], officer["client_secret"])
    county = County(node)
    county.people["competent"] = Person(officer["client_id"], "", door, officer["client_secret"])
    county.switch()
    for name in ("civil", "education", "market"):
        register(county, name)
    county.aid = county.publish("civil", samples.AID)
    county.schools = county.publish("education", samples.SCHOOLS)
    county.diary.keys = {county.aid: "case_no", county.schools: "code"}
    county.push_aid()
    county.push_school()
    for dataset in (county.aid, county.schools):
        until(partial(county.served, dataset))
    county.open_schools()
    return county


def register(county: County, name: str) -> None:
    """Register an organisation with its system and its data officer."""
    organization = samples.ORGANIZATIONS[name]
    office = {"name": "数据共享工作机构", "head": "负责人(示例)"}
    county.post("competent", "/v1/organizations", organization | {"office": office})
    owner = {"organization": organization["code"]}
    for who, path, more in (
        (name, "/v1/systems", {"name": "业务系统"}),
        (f"{name} officer", "/v1/officers", {"name": "专员(示例)", "roles": ["data_officer"]}),
    ):
        made = county.post("competent", path, owner | more)["credentials"]
        account = made["client_id"], made["client_secret"]
        door = Client(county.node.url("gateway"), *account)
        county.people[who] = Person(account[0], organization["code"], door, account[1])
