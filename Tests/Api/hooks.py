"""What schemathesis can't know of the process that it asks: nothing may leave the machine."""

import schemathesis

# What a schema takes for an address needn't be one.
_ADDRESSES = ["127.0.0.3:80", "[::1]:80", "localhost:80", "unix:/tmp/nobody", "nobody.invalid:80"]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Lets backends that are added be on this machine. What is wrong on purpose stays so."""
    if case.operation.label == "POST /v1/backends" and isinstance(case.body, dict):
        address = case.body.get("address")
        if isinstance(address, str) and ":" in address:
            case.body["address"] = _ADDRESSES[len(address) % len(_ADDRESSES)]
