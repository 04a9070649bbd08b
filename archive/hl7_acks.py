"""Answers to HL7 messages: MSH and MSA (HL7 2.5.1 Section 2.9.2, original mode)."""

import time
import uuid
from typing import Final

from archive.hl7 import Message

ACCEPTED: Final = "AA"
REFUSED: Final = "AE"
# The longest text that MSA-3 has in every version.
_LONGEST: Final = 80


def acknowledge(message: Message, *, now: float, refusal: str = "") -> str:
    """Write the answer to a message: accepted, or refused with a sentence; segments end in CR."""
    asked = message.header
    marks = asked.separators
    fields = [
        "MSH",
        marks.component + marks.repetition + marks.escape + marks.subcomponent,
        *(asked.raw(5), asked.raw(6), asked.raw(3), asked.raw(4)),
        time.strftime("%Y%m%d%H%M%S", time.localtime(now)),
        "",
        marks.component.join(("ACK", marks.escaped(asked.text(9, 2)), "ACK")),
        uuid.uuid4().hex[:20],
        asked.raw(11) or "P",
        asked.raw(12) or "2.5.1",
        *([""] * 5),
        asked.raw(18),
    ]
    verdict = ["MSA", REFUSED if refusal else ACCEPTED, asked.raw(10), marks.escaped(refusal[:_LONGEST])]
    return "".join(marks.field.join(line).rstrip(marks.field) + "\r" for line in (fields, verdict))
