"""Puts the stand-in together."""

from fastapi import FastAPI
from zhengshu_chassis.app import create_app
from zhengshu_chassis.resources import Resources
from zhengshu_contracts.audit import LEDGER_ORIGIN, WITNESS_NAME
from zhengshu_verify.note import Algorithm, SigningKey, VerifierKey

from zhengshu_commission import desk, exchange, page, services
from zhengshu_commission.deliver import Delivery, deliver_for_ever
from zhengshu_commission.settings import CommissionSettings
from zhengshu_commission.witness import Witness


def build(settings: CommissionSettings) -> FastAPI:
    """Return the application."""
    return create_app(
        settings,
        name="commission",
        title="市级平台(替身)",
        description="按 zhengshu_contracts.commission 的约定受理报件,可人工办理,可制造各种故障。",
        routers=(services.router, exchange.router, desk.router, page.router),
        workers={"callbacks": deliver_for_ever},
        on_start=open_keys,
    )


async def open_keys(resources: Resources) -> None:
    """Load the keys once."""
    settings = resources.settings
    assert isinstance(settings, CommissionSettings)
    secret = settings.witness_key.get_secret_value()
    resources.extra["witness"] = Witness(
        SigningKey.of(WITNESS_NAME, Algorithm.COSIGNATURE, secret),
        VerifierKey.of(LEDGER_ORIGIN, Algorithm.ED25519, settings.ledger_key),
    )
    resources.extra["delivery"] = Delivery(settings)
