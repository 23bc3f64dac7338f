"""What the process tells of each request: one line in the log and one measurement."""

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from prometheus_client import Histogram
from zhengshu_chassis.forms import Filling, Form
from zhengshu_chassis.telemetry import REQUESTS, log

from zhengshu_gateway.exchange import Exchange


def report(exchange: Exchange) -> None:
    """Tell of a request that was answered."""
    seconds = time.perf_counter() - exchange.began
    timer(exchange).observe(seconds)
    log.info("request", **_facts(exchange), ms=round(seconds * 1000, 1))


@dataclass(frozen=True, slots=True)
class Report:
    """What will be told of the like of a request."""

    timer: Histogram
    line: Form

    def tell(self, seconds: float, told: Filling) -> None:
        """Tell of one; record, moment and trace are in `told`."""
        self.timer.observe(seconds)
        log.tell(self.line, {**told, b"ms": b"%.1f" % (seconds * 1000)})


def report_on(exchange: Exchange) -> Report:
    """Return what tells of a request that is answered as this one was."""
    line = log.form("request", ("record", "ms"), **_facts(exchange), ms=0.0)
    return Report(timer(exchange), line)


def _facts(exchange: Exchange) -> dict[str, Any]:
    decision = exchange.decision
    return {
        "method": exchange.method,
        "path": exchange.path,
        "status": exchange.status,
        "client": exchange.client,
        "rule": decision.rule if decision else exchange.rule,
        "record": exchange.record,
        "bytes": exchange.sent,
    }


def timer(exchange: Exchange) -> Histogram:
    """Return the histogram that an answer counts in."""
    path = exchange.route.path if exchange.route else "-"
    return _timer(exchange.method, path, exchange.status)


@lru_cache(1024)
def _timer(method: str, path: str, status: int) -> Histogram:
    """Finding it costs more than counting."""
    return REQUESTS.labels(method, path, status)
