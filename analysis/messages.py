"""What the runner and its child processes say to each other: one JSON object a line."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from analysis.results.package import ProducedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One analysis.

    Attributes
    ----------
    analyzer, reference, options
        How to make the analyzer.
    files
        (path, offset of the data set, transfer syntax) of each instance.
    output
        Folder for the results.
    created
        When the job was made, ISO 8601 with offset.
    sr_class
        Value of `SRClass`.
    predecessor
        Path of the report that the new one follows.
    """

    analyzer: str
    reference: str
    options: Mapping[str, Any]
    files: tuple[tuple[str, int, str], ...]
    output: str
    created: str
    sr_class: str = "comprehensive3d"
    predecessor: str | None = None

    def to_line(self) -> bytes:
        """Encode for a pipe."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Request":
        """Decode what `to_line` made."""
        fields = json.loads(line)
        fields["files"] = tuple((path, offset, syntax) for path, offset, syntax in fields["files"])
        return cls(**fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The child has loaded everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed:
    """How far the analysis is: percent and a short text."""

    percent: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it ended.

    Attributes
    ----------
    state
        `complete` with files; `skipped` or `failed` with a reason without patient data.
    predecessor_uid
        SOP Instance UID of the report that the new one follows.
    """

    state: Literal["complete", "skipped", "failed"]
    reason: str = ""
    files: tuple[ProducedFile, ...] = ()
    predecessor_uid: str | None = None


Message = Ready | Progressed | Outcome


def encode(message: Message) -> bytes:
    """Encode for a pipe."""
    fields = asdict(message)
    for file in fields.get("files", ()):
        file["path"] = str(file["path"])
    return json.dumps({"type": type(message).__name__, **fields}).encode() + b"\n"


def decode(line: bytes) -> Message:
    """Decode what `encode` made."""
    fields = json.loads(line)
    kind = fields.pop("type")
    if kind == "Ready":
        return Ready()
    if kind == "Progressed":
        return Progressed(**fields)
    fields["files"] = tuple(ProducedFile(**{**file, "path": Path(file["path"])}) for file in fields["files"])
    return Outcome(**fields)
