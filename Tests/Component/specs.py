"""Encodes the specs that module, supervisor and engine exchange, for tests that stand in for one of them.

Which fields there are is read from spec-layout.json, which `make docs` writes.
"""

import json
import os
import struct

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "spec-layout.json")) as file:
    TEXT = file.read().rstrip("\n")
SUPERVISOR = json.loads(TEXT)
GROUP = SUPERVISOR["groups"][0]
PROCESS = GROUP["process"]
NUMBERS = {"Int": "=q", "Int64": "=q", "UInt32": "=I", "UInt64": "=Q", "Bool": "=?", "Double": "=d"}


def fingerprint():
    """What an encoding begins with: FNV-1a of the layout."""
    value = 0x811C9DC5
    for byte in TEXT.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return struct.pack("=I", value)


def encode(layout, value=None):
    """A value of this layout. A dict may leave out fields that are 0, False, empty or absent."""
    if isinstance(layout, dict):
        value = value or {}
        unknown = value.keys() - layout.keys()
        assert not unknown, "fields that there are not: %s" % ", ".join(sorted(unknown))
        return b"".join(encode(part, value.get(name)) for name, part in layout.items())
    if isinstance(layout, list):
        is_optional = len(layout) == 2
        items = ([] if value is None else [value]) if is_optional else value or []
        return struct.pack("=I", len(items)) + b"".join(encode(layout[0], item) for item in items)
    if layout == "String":
        data = (value or "").encode()
        return struct.pack("=I", len(data)) + data
    return struct.pack(NUMBERS[layout], value or 0)


def supervisor(spec):
    """An encoded SupervisorSpec."""
    return fingerprint() + encode(SUPERVISOR, spec)


def process(spec):
    """An encoded ProcessSpec."""
    return fingerprint() + encode(PROCESS, spec)


def secret(data):
    """The fields of a ConnectionSecret of 16 bytes."""
    return dict(zip(("first", "second"), struct.unpack("=QQ", data)))
