"""Step 10: an integrator on NATS hears all it may, live and after a pause, in order and without a gap."""

from zhengshu_contracts.base import Envelope

from zhengshu_local.demo import samples
from zhengshu_local.demo.cast import Cast
from zhengshu_local.demo.integrator import Integrator

HEARD = ("towns", "schools", "aid", "outages")


def connect(cast: Cast) -> Integrator:
    """Open the integrator's connection, which the story closes at its end at the latest."""
    token = cast.systems["market"].token()
    integrator = Integrator(cast.doors.nats, cast.system_ids["market"], token)
    cast.listening.append(integrator)
    return integrator


def hears_live(cast: Cast) -> None:
    """Wait until whoever listens has heard what was pushed just now."""
    (listening,) = cast.listening
    cast.teller.until(
        "在线的集成商已听到刚才推送的每个可听版本",
        lambda: all(1 in listening.versions()[cast.datasets[name]] for name in HEARD),
    )


def subscribe(cast: Cast) -> None:
    """Step 10."""
    cast.teller.chapter(10, "集成商经 NATS 接收数据集事件:在线时随到随收,断线后补收")
    (before,) = cast.listening
    before.leave()
    cast.teller.tell("集成商断线;此间教育局又推送一个版本")
    newest = _one_more_version(cast)
    after = connect(cast)
    schools = cast.datasets["schools"]
    cast.teller.until("重新连接后补收到断线期间的版本", lambda: _missed(before, after))
    missed = _missed(before, after)
    told = [(event.data["dataset"], event.data["version"]) for event in missed]
    cast.teller.check("补收的恰是断线期间的那一个版本", told == [(schools, newest)])
    _complete(cast, [*before.heard, *missed])


def _missed(before: Integrator, after: Integrator) -> list[Envelope]:
    """Return what came only after the pause; an event may come twice, by its id it counts once."""
    known = {event.id for event in before.heard}
    return [event for event in list(after.heard) if event.id not in known]


def _complete(cast: Cast, heard: list[Envelope]) -> None:
    """Hold all that was heard against the newest version of each dataset."""
    versions = {
        name: [event.data["version"] for event in heard if event.data["dataset"] == dataset]
        for name, dataset in cast.datasets.items()
    }
    for name in HEARD:
        cast.teller.tell(f"{cast.title(name)}:收到版本 {'、'.join(map(str, versions[name]))}")
        newest = int(cast.entry(name)["version"].split(".")[1])
        cast.teller.check(
            f"{cast.title(name)}:版本连续无缺", versions[name] == list(range(1, newest + 1))
        )
    cast.teller.check(f"{cast.title('survey')}(不予共享)没有任何事件", not versions["survey"])
    everything = "".join(event.model_dump_json() for event in heard)
    cast.teller.check("事件不含数据内容", "示例甲" not in everything)


def _one_more_version(cast: Cast) -> int:
    row = ["S350123006", "示例第三小学", "小学", "飞竹镇示例路6号", 300]
    body = samples.table(samples.SCHOOLS, [row])
    done = cast.systems["education"].push(cast.datasets["schools"], body)
    return int(str(done.version).split(".")[1])
