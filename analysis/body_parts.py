"""Which part of the body a series shows, from Body Part Examined or from what people wrote."""

import re
from enum import StrEnum

from analysis.analyzers import SeriesDescription


class BodyPart(StrEnum):
    """The parts that analyzers tell apart."""

    CHEST = "chest"
    HEAD = "head"
    BREAST = "breast"
    NECK = "neck"
    OTHER = "other"


# Body Part Examined terms (PS3.16 Annex L) and the words of descriptions, in the languages of the sites we know.
_WORDS: dict[BodyPart, str] = {
    BodyPart.CHEST: r"chest|thorax|thora[cx]\w*|lung\w*|pulmon\w*|torax|tórax|poumons?|heart|cardiac|ctpa",
    BodyPart.HEAD: r"head|brain|skull|cranium|cranial|cerebr\w*|schädel|kopf|hirn|neuro\w*|crane|crâne|cabeza|iac|"
    r"orbits?",
    BodyPart.BREAST: r"breast|mamm\w*|brust|sein|mama",
    BodyPart.NECK: r"neck|thyroid\w*|hals|schilddrüse|cspine|larynx",
    BodyPart.OTHER: r"abdomen\w*|pelvis|liver|kidney|spine|knee|hip|shoulder|foot|ankle|hand|wrist|elbow|leg|arm|"
    r"prostate|uterus|lspine|tspine|extremity|wholebody|colon|bladder|femur|humerus|tibia",
}
_PATTERNS = {
    part: re.compile(rf"(?<![a-zäöü])(?:{words})(?![a-zäöü])", re.IGNORECASE) for part, words in _WORDS.items()
}


def body_part_of(series: SeriesDescription) -> BodyPart | None:
    """Say which part it is; None if nothing tells.

    Body Part Examined is believed first; where it is empty, the words of study, series and protocol decide if they
    name one part only.
    """
    named = _named_in(series.body_part_examined.replace("_", " "))
    if named:
        return next(iter(named)) if len(named) == 1 else None
    if series.body_part_examined.strip():
        return BodyPart.OTHER
    described = _named_in(" ".join(series.descriptions).replace("_", " "))
    return next(iter(described)) if len(described) == 1 else None


def _named_in(text: str) -> set[BodyPart]:
    return {part for part, pattern in _PATTERNS.items() if pattern.search(text)}
