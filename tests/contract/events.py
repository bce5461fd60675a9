"""Sends one event as the Python SDK of CloudEvents writes it, in every mode, and expects one event."""

import json
import os
import sys
from datetime import datetime, timedelta, timezone

import requests
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1.http import CloudEvent as OldEvent
from cloudevents.v1.http import to_binary as old_binary
from cloudevents.v1.http import to_structured as old_structured

SERVER, TOKEN = os.environ["LARGESSE_SERVER"], os.environ["LARGESSE_TOKEN_INGEST"]
failures = []


def send(what, headers, body, expected):
    headers = {**headers, "authorization": f"Bearer {TOKEN}"}
    answer = requests.post(f"{SERVER}/v1/events", headers=headers, data=body, timeout=30)
    found = answer.json() if answer.content else None
    statuses = [item["status"] for item in found["items"]] if "items" in found else [found.get("status")]
    if answer.status_code != 200 or statuses != expected:
        failures.append(f"{what}: {answer.status_code} {found}, and not {expected}")


now = datetime.now(timezone.utc).replace(microsecond=250_000)
plain = {"type": "user.registered", "source": "/contract/python", "id": "e1%\"", "subject": "u-\"py\"-100%"}
data = {"channel": "web"}


def event(**more):
    return CloudEvent({**plain, "specversion": "1.0", "time": now, "datacontenttype": "application/json", **more}, data)


def message(what, made, expected):
    send(what, made.headers, made.body, expected)


message("binary", to_binary_event(event()), ["admitted"])
message("structured", to_structured_event(event()), ["duplicate"])
east = now.astimezone(timezone(timedelta(hours=8)))
for what, more in {
    "another offset": {"time": east},
    "parameters of the type": {"datacontenttype": "application/json; charset=utf-8"},
    "a type with +json": {"datacontenttype": "application/vnd.example+json"},
    "an integer": {"sampledrate": 30},
    "a boolean": {"replayed": True},
    "a trace": {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
}.items():
    message(f"binary, {what}", to_binary_event(event(**more)), ["duplicate"])
    message(f"structured, {what}", to_structured_event(event(**more)), ["duplicate"])

# The format puts bytes into data_base64.
base64 = CloudEvent({**plain, "specversion": "1.0", "time": now}, json.dumps(data).encode())
body = JSONFormat().write(base64)
assert b"data_base64" in body
send("structured, base64", {"content-type": "application/cloudevents+json"}, body, ["duplicate"])
batch = [json.loads(JSONFormat().write(event(**more))) for more in ({}, {"id": "2"}, {"id": "2", "subject": "other"})]
kind = {"content-type": "application/cloudevents-batch+json"}
send("batch", kind, json.dumps(batch), ["duplicate", "admitted", "conflict"])

# What the SDK wrote before its second version: no percent-encoding, no content type without a datacontenttype.
old = OldEvent({**plain, "id": "3", "subject": "u3", "time": now.isoformat()}, data)
send("old, binary", *old_binary(old), ["admitted"])
send("old, structured", *old_structured(old), ["duplicate"])
send("old, of no data", *old_structured(OldEvent({**plain, "id": "4", "subject": "u4"}, None)), ["admitted"])

print("\n".join(failures) or "the Python SDK: one event in every mode")
sys.exit(bool(failures))
