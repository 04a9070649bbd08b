"""What is asked and what is answered: `Query` and `Match` (PS3.4 Section C.4.1, PS3.18 Section 10.6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from archive.errors import InvalidQuery
from archive.query_attributes import ATTRIBUTES, UNIQUE_KEYS, Level
from archive.query_keys import Key, SingleValue
from archive.uids import SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID

Value = str | int | float | Mapping[int, tuple[Any, ...]]
"""A value of an attribute; an item of a sequence is a mapping of its own."""


class InformationModel(StrEnum):
    """The query/retrieve information models (PS3.4 Section C.3); the last one is retired."""

    PATIENT_ROOT = "PATIENT_ROOT"
    STUDY_ROOT = "STUDY_ROOT"
    PATIENT_STUDY_ONLY = "PATIENT_STUDY_ONLY"

    def has(self, level: Level) -> bool:
        """Tell whether the model has a level."""
        if self is InformationModel.STUDY_ROOT:
            return level is not Level.PATIENT
        return self is InformationModel.PATIENT_ROOT or level.depth <= Level.STUDY.depth


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to look for and what to tell about it.

    Parameters
    ----------
    level
        What a match is: a patient, a study, a series or an instance.
    keys
        By tag, from `archive.query_keys.key_for` and `sequence_key`. Keys of a higher level always count; those of a
        lower level ask for something below the match that has them.
    return_tags
        Attributes wanted beside those of `keys`.
    model
        The model that the query was asked in; only `require_hierarchy` looks at it.
    limit, offset
        At most so many matches, after leaving out so many.
    after
        Only matches behind this `Match.position`, to read a long answer in pages.
    fuzzy
        Fuzzy matching of person names.
    combined_date_time
        A date range and a time range of the same event are one range of moments (PS3.4 Section C.2.2.2.5.4).
    zone
        Minutes by which dates and times of the keys are ahead of UTC; none where they are not moved.
    include_hidden
        Show instances that were rejected as well.
    """

    level: Level
    keys: Mapping[int, Key] = field(default_factory=dict)
    return_tags: frozenset[int] = frozenset()
    model: InformationModel = InformationModel.STUDY_ROOT
    limit: int | None = None
    offset: int = 0
    after: int | None = None
    fuzzy: bool = False
    combined_date_time: bool = False
    zone: int | None = None
    include_hidden: bool = False

    @property
    def wanted(self) -> frozenset[int]:
        """All attributes that the answer should have."""
        return self.return_tags.union(self.keys)

    @property
    def unsupported(self) -> frozenset[int]:
        """Those wanted that the index does not have at this level: C-FIND answers them empty, with 0xFF01."""
        return frozenset(tag for tag in self.wanted if not is_returned(tag, self.level))

    def require_hierarchy(self) -> None:
        """Demand the unique keys of all levels above, as non-relational queries must give (PS3.4 Section C.4.1.2).

        Raises
        ------
        InvalidQuery
            A unique key above the query level is missing or is no single value, or the model has no such level.
        """
        if not self.model.has(self.level):
            raise InvalidQuery(f"The model {self.model} has no level {self.level}.")
        first = Level.STUDY if self.model is InformationModel.STUDY_ROOT else Level.PATIENT
        for level, tag in UNIQUE_KEYS.items():
            above = first.depth <= level.depth < self.level.depth
            if above and not isinstance(self.keys.get(tag), SingleValue):
                raise InvalidQuery(f"The unique key {ATTRIBUTES[tag].keyword} is missing at level {self.level}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One patient, study, series or instance that matches.

    Parameters
    ----------
    values
        What is known of the wanted attributes, by tag; an empty tuple is an attribute without a value.
    position
        Its place in the order of all matches, for `Query.after`.
    """

    values: Mapping[int, tuple[Value, ...]]
    position: int
    patient_id: str = ""
    study_instance_uid: StudyInstanceUID | None = None
    series_instance_uid: SeriesInstanceUID | None = None
    sop_instance_uid: SOPInstanceUID | None = None


def is_returned(tag: int, level: Level) -> bool:
    """Tell whether answers at a level can have an attribute: those of the level itself and of the levels above."""
    attribute = ATTRIBUTES.get(tag)
    return attribute is not None and attribute.level.depth <= level.depth


def is_matched(tag: int) -> bool:
    """Tell whether a key for this attribute is compared at all."""
    return tag in ATTRIBUTES
