"""UIDs that follow from what they name, so that a repeated attempt makes the same objects (PS3.5 B.2)."""

import hashlib
import uuid

ORGANIZATION_PREFIX = "isocenter"


def uid_of(*parts: object) -> str:
    """Give the UID that follows from `parts`: 2.25 and a name-based UUID as a decimal number."""
    text = "\x1f".join([ORGANIZATION_PREFIX, *map(str, parts)])
    digest = hashlib.sha256(text.encode()).digest()
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=5).int}"
