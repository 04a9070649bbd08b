"""Messages between `archive.decoding` and its child processes: two lengths, a description as JSON, bytes."""

import json
import struct
from collections.abc import Mapping
from typing import IO, Any, Final

LENGTHS: Final = struct.Struct(">II")
READY: Final = b"ready"
"""What a child process says first."""


def send_message(pipe: IO[bytes], description: Mapping[str, Any], data: bytes) -> None:
    """Write a message to a pipe that may take it in parts."""
    encoded = json.dumps(description).encode()
    for part in (LENGTHS.pack(len(encoded), len(data)) + encoded, data):
        remaining = memoryview(part)
        while remaining:
            remaining = remaining[pipe.write(remaining) :]
    pipe.flush()
