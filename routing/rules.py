"""Which remote AEs get an object: results to those that take them, and what routing rules say. Pure decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal, Protocol

RESULTS_CAUSE = "results"
RETURN_CAUSE = "return"

Kind = Literal["images", "results"]


class Recipient(Protocol):
    """What rules need to know of a remote AE."""

    @property
    def name(self) -> str:
        """What rules call it."""

    @property
    def ae_title(self) -> str:
        """Its AE title."""

    @property
    def results(self) -> bool | None:
        """Every result, none, or (None) those of what it sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The facts about an object that rules look at.

    Parameters
    ----------
    kind
        Whether others sent it or this node's analyzers made it.
    sender
        Calling AE title that it, or for results the images it speaks about, came from; empty when by another door.
    modality, sop_class, body_part, station, study_description, series_description
        Of the object's series; for results, body part and station of the images.
    """

    kind: Kind
    sender: str = ""
    modality: str = ""
    sop_class: str = ""
    body_part: str = ""
    station: str = ""
    study_description: str = ""
    series_description: str = ""


_PATTERN_KEYS = ("modality", "sop_class", "body_part", "station", "study_description", "series_description")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A routing rule: `[[route]]`. An empty key matches everything.

    Parameters
    ----------
    name
        What the rule is called; the cause of the deliveries it makes.
    origin
        `images`, `results` or `any`.
    calling_ae
        Names or AE titles of senders.
    patterns
        Key of `Subject` to patterns, one of which must match; `*` and `?` are wildcards, case does not matter.
    to
        Names of remote AEs.
    """

    name: str
    origin: str
    calling_ae: tuple[str, ...]
    patterns: Mapping[str, tuple[str, ...]]
    to: tuple[str, ...]

    @classmethod
    def parse(cls, name: str, values: Mapping[str, Any]) -> "Rule":
        """Read a rule as it is kept (the keys of `[[route]]`)."""
        return cls(
            name=name,
            origin=values.get("origin", "images"),
            calling_ae=_texts(values.get("from")),
            patterns={key: _texts(values[key]) for key in _PATTERN_KEYS if values.get(key)},
            to=_texts(values.get("to")),
        )

    def matches(self, subject: Subject, titles: Mapping[str, str]) -> bool:
        """Tell whether the rule speaks about the object; `titles` gives the AE title of a name."""
        if self.origin not in ("any", subject.kind):
            return False
        if self.calling_ae and subject.sender not in {titles.get(name, name) for name in self.calling_ae}:
            return False
        return all(_one_matches(patterns, getattr(subject, key)) for key, patterns in self.patterns.items())


def destinations(
    subject: Subject, rules: Sequence[Rule], peers: Sequence[Recipient], *, return_to_sender: bool
) -> dict[str, str]:
    """Decide who gets an object.

    An object never goes back to the AE title it came from; a result may, since this node made it. A remote AE with
    `results = false` gets no result, whatever else is said.

    Returns
    -------
    dict
        Name of the remote AE to the cause: the rule's name, `results` or `return`.
    """
    titles = {peer.name: peer.ae_title for peer in peers}
    chosen: dict[str, str] = {}
    for peer in peers if subject.kind == "results" else ():
        cause = _cause_of_result(subject, peer, return_to_sender=return_to_sender)
        if cause:
            chosen[peer.name] = cause
    for rule in rules:
        if rule.matches(subject, titles):
            for name in rule.to:
                chosen.setdefault(name, rule.name)
    allowed = {peer.name for peer in peers if _may_get(subject, peer)}
    return {name: cause for name, cause in chosen.items() if name in allowed}


def _cause_of_result(subject: Subject, peer: Recipient, *, return_to_sender: bool) -> str | None:
    if peer.results:
        return RESULTS_CAUSE
    if peer.results is None and return_to_sender and subject.sender and peer.ae_title == subject.sender:
        return RETURN_CAUSE
    return None


def _may_get(subject: Subject, peer: Recipient) -> bool:
    return peer.results is not False if subject.kind == "results" else peer.ae_title != subject.sender


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _one_matches(patterns: tuple[str, ...], value: str) -> bool:
    return any(fnmatchcase(value.casefold(), pattern.casefold()) for pattern in patterns)
