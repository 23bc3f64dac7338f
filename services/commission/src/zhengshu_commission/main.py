"""Puts the stand-in together."""

from fastapi import APIRouter, FastAPI
from zhengshu_chassis.app import create_app
from zhengshu_chassis.errors import Unauthorized, Unavailable
from zhengshu_chassis.problems import problems
from zhengshu_chassis.resources import Resources
from zhengshu_contracts.audit import LEDGER_ORIGIN, WITNESS_NAME
from zhengshu_contracts.commission import Callback, CallbackResult
from zhengshu_verify.note import Algorithm, SigningKey, VerifierKey

from zhengshu_commission import desk, exchange, page, services
from zhengshu_commission.deliver import Delivery, deliver_for_ever
from zhengshu_commission.settings import CommissionSettings
from zhengshu_commission.witness import Witness

CONTRACT = """市级平台须提供的接口(标签“交换”“数据服务”和 webhooks 中的回调),版本 v1。
“办理台”是替身自有的,不在约定之内。

* 报件以 `PUT` 送达,路径中的标识是幂等键;202 只表示受理,决定以签名回调送达,也可按标识轮询。
* 只有 4xx 的 problem+json 表示拒收;其他应答(含页面、跳转)一律视为未送达,节点以同一标识重报。
* v1 之内只增加可选的成员。节点忽略信封(受理、回调、列表)中不认识的成员;答复(answer)中有不认识的成员的,
  节点不予办理,以免漏掉限制条件。
* 挂接由市级平台在收到首批数据后作出,撤销挂接、收回已同意的共享申请可随时作出;没有报件,以序号轮询取回。
  收回即对已同意的部分再答复不同意,无论先后到达,以不同意为准。
"""
webhooks = APIRouter(tags=["回调"], responses=problems(Unauthorized, Unavailable))


def build(settings: CommissionSettings) -> FastAPI:
    """Return the application."""
    app = create_app(
        settings,
        name="commission",
        title="市级平台接口约定与替身",
        description=CONTRACT,
        routers=(services.router, exchange.router, desk.router, page.router),
        workers={"callbacks": deliver_for_ever},
        on_start=open_keys,
    )
    app.webhooks.include_router(webhooks)
    return app


@webhooks.post("/v1/commission/callbacks", summary="回调", response_model=CallbackResult)
async def callback(body: Callback) -> None:
    """送到县级节点,签名与请求相同,服务标识为 callback;未得到 2xx 的须再次送达。"""


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
