"""Sends components as they are."""

import schemathesis


@schemathesis.serializer("application/wasm")
def component(ctx, value):
    return value if isinstance(value, bytes) else str(value).encode()
