"""Generates the AsyncAPI 3.0 document of every event: `python -m zhengshu_contracts.asyncapi`."""

import json
import re
import sys
from typing import Any

from pydantic.json_schema import models_json_schema

from zhengshu_contracts.base import Envelope, Event
from zhengshu_contracts.subjects import EVENTS

REFERENCES = "#/components/schemas/{model}"


def document() -> dict[str, Any]:
    """Return the document: a channel and a message per event, payloads in CloudEvents envelopes."""
    events = list(EVENTS.values())
    models: list[Any] = [(event, "serialization") for event in events]
    _, schemas = models_json_schema(models, ref_template=REFERENCES)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "政数节点事件",
            "version": "1",
            "description": "CloudEvents 1.0(structured JSON),经 NATS JetStream;不含数据行与个人信息。",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {event.__name__: channel(event) for event in events},
        "operations": {event.__name__: operation(event) for event in events},
        "components": {
            "schemas": schemas["$defs"],
            "messages": {e.__name__: message(e) for e in events},
        },
    }


def channel(event: type[Event]) -> dict[str, Any]:
    """Return the channel of an event: its subject, with the places in it described."""
    places = re.findall(r"{(\w+)}", event.subject)
    described: dict[str, Any] = {
        "address": event.subject,
        "messages": {event.__name__: {"$ref": f"#/components/messages/{event.__name__}"}},
    }
    if places:
        described["parameters"] = {place: {"description": place} for place in places}
    return described


def operation(event: type[Event]) -> dict[str, Any]:
    """Return that the node sends the event."""
    return {"action": "send", "channel": {"$ref": f"#/channels/{event.__name__}"}}


def message(event: type[Event]) -> dict[str, Any]:
    """Return the message: the envelope with the event's own members as `data`."""
    envelope = Envelope.model_json_schema(mode="serialization")
    data = {"$ref": REFERENCES.format(model=event.__name__)}
    return {
        "name": event.subject,
        "summary": (event.__doc__ or "").strip(),
        "headers": {"type": "object", "properties": {"Nats-Msg-Id": {"type": "string"}}},
        "payload": envelope | {"properties": envelope["properties"] | {"data": data}},
    }


if __name__ == "__main__":
    json.dump(document(), sys.stdout, ensure_ascii=False, indent=2, sort_keys=True)
    sys.stdout.write("\n")
