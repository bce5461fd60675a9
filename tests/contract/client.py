"""Does the core calls with the client that was generated for Python."""

import os
from datetime import datetime, timezone

from largesse_client import AuthenticatedClient
from largesse_client.api.customers import show_customer
from largesse_client.api.deliveries import list_destinations, set_destination
from largesse_client.api.events import send_events
from largesse_client.api.health import ready
from largesse_client.api.kinds import list_kinds
from largesse_client.models import DestinationDocument, EventDocument

client = AuthenticatedClient(base_url=os.environ["LARGESSE_SERVER"], token=os.environ["LARGESSE_TOKEN_ADMIN"])


def parsed(answer, status):
    assert answer.status_code == status and answer.parsed is not None, answer
    return answer.parsed


assert ready.sync_detailed(client=client).status_code == 200
assert len(parsed(list_kinds.sync_detailed(client=client), 200).items) > 50
document = DestinationDocument(url="https://bank.example/in", topics=["grant.*"], concurrency=40)
made = parsed(set_destination.sync_detailed("contract-python", client=client, body=document), 201)
assert made.concurrency == 40 and made.secret_count == 1
assert "contract-python" in [item.id for item in parsed(list_destinations.sync_detailed(client=client), 200).items]
print("the generated Python client: destinations, kinds, health")
