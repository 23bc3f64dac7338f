"""Integrators on NATS: who connects (`callout`), what each hears (`rights`), who sees to it (`keeper`)."""

from zhengshu_gateway.integrators.callout import Callout
from zhengshu_gateway.integrators.keeper import Keeper

__all__ = ["Callout", "Keeper"]
