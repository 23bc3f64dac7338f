"""The whole story on one machine, told through the public API and NATS as a stranger would."""

import time
from pathlib import Path

from zhengshu_local.demo import catalogue, events, opening, proof, sharing
from zhengshu_local.demo.cast import Cast
from zhengshu_local.demo.doors import Doors
from zhengshu_local.demo.tampering import tampered_copy
from zhengshu_local.demo.teller import Teller
from zhengshu_local.node import Node

SHARED = Path("../shared/data")


def main(node: Node) -> int:
    """Tell the story on a running node; 0 when every step was as promised, else 1."""
    return tell(doors_of(node), Teller(lambda text: print(text, flush=True)))


def doors_of(node: Node) -> Doors:
    """Return the doors of a node on this machine."""
    secrets = node.secrets
    officer = secrets.pair("clients", "officer")
    log_key = secrets.pair("ed25519", "audit_checkpoint")["public"]
    witness_key = secrets.pair("ed25519", "commission_witness")["public"]
    server = node.layout.server_url("postgres")
    owner = node.layout.server_url("audit_owner")
    return Doors(
        gateway=node.url("gateway"),
        nats=node.nats.url,
        desk=node.url("commission"),
        desk_token=secrets("hmac", "desk"),
        officer=(officer["client_id"], officer["client_secret"]),
        log_key=log_key,
        witness_key=witness_key,
        fsck_tampered=lambda: tampered_copy(
            server, owner, log_key=log_key, witness_key=witness_key
        ),
        folder=node.directory / "demo",
    )


def tell(doors: Doors, teller: Teller) -> int:
    """Go through the steps in order; the first that is not as promised ends the story."""
    began = time.monotonic()
    cast = Cast(doors, teller)
    manual = {"service_registration": "manual"}
    try:
        doors.commission("PUT", "/desk/switches", manual)
        catalogue.register(cast)
        catalogue.compile_entries(cast)
        catalogue.publish(cast)
        events.connect(cast)
        catalogue.push(cast, SHARED)
        events.hears_live(cast)
        catalogue.serve(cast)
        for step in (sharing.read_by_class, sharing.apply, sharing.municipal, sharing.withheld):
            step(cast)
        events.subscribe(cast)
        opening.open_up(cast)
        proof.prove(cast)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, the story says at which step
        print(f"  ✗ {type(error).__name__}:{error}", flush=True)
        return 1
    finally:
        cast.close()
    print(f"\n十二步全部完成,{teller.checks} 项核对通过,用时 {time.monotonic() - began:.1f} 秒")
    return 0
