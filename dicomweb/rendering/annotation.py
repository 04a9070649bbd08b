"""Text that is written into pictures: whose they are, and how they were made (PS3.18 Section 8.3.5.1.1)."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont

from dicomweb.rendering.attributes import first_value, values_of
from dicomweb.rendering.parameters import PATIENT, TECHNIQUE

# Attributes with the text around their value.
_PATIENT_ATTRIBUTES: Final = (
    ("00100010", "{}"),
    ("00100020", "ID {}"),
    ("00100030", "born {}"),
    ("00100040", "{}"),
    ("00080020", "study {}"),
    ("00080050", "accession {}"),
    ("00080080", "{}"),
)
_TECHNIQUE_ATTRIBUTES: Final = (
    ("00080060", "{}"),
    ("0008103E", "{}"),
    ("00181030", "{}"),
    ("00200013", "image {}"),
    ("00180050", "{} mm slice"),
    ("00201041", "location {} mm"),
    ("00180060", "{} kV"),
    ("00181151", "{} mA"),
    ("00181152", "{} mAs"),
    ("00180080", "TR {} ms"),
    ("00180081", "TE {} ms"),
    ("00181314", "flip {}°"),
)
_LONGEST_LINE: Final = 80
_LEAST_SIZE, _LARGEST_SIZE = 9, 48
_LINES_IN_HEIGHT: Final = 32
_MARGIN: Final = 4


def lines_of(header: Mapping[str, Any], wanted: Iterable[str]) -> list[str]:
    """Give the lines that are wanted of `PATIENT` and `TECHNIQUE`; what the object does not say has none."""
    kinds = {PATIENT: _PATIENT_ATTRIBUTES, TECHNIQUE: _TECHNIQUE_ATTRIBUTES}
    attributes = (pair for kind, pairs in kinds.items() if kind in wanted for pair in pairs)
    lines = ((_text(first_value(header, tag)), form) for tag, form in attributes)
    return [form.format(text)[:_LONGEST_LINE] for text, form in lines if text]


def person_name(value: Any) -> str:
    """Give a name as it is read: family name first."""
    groups = value if isinstance(value, Mapping) else {}
    text = next((str(groups[group]) for group in ("Alphabetic", "Ideographic", "Phonetic") if groups.get(group)), "")
    family, *others = (part.strip() for part in text.split("^"))
    given = " ".join(part for part in others if part)
    return f"{family}, {given}" if given else family


def person_names(header: Mapping[str, Any], tag: str) -> str:
    """Give all names of an attribute."""
    return "; ".join(filter(None, map(person_name, values_of(header, tag))))


def annotate(image: Image.Image, lines: Sequence[str]) -> Image.Image:
    """Write lines into the upper left corner: white with a black edge, so that they are read on anything."""
    size = min(_LARGEST_SIZE, max(_LEAST_SIZE, image.height // _LINES_IN_HEIGHT))
    draw = ImageDraw.Draw(image)
    white, black = (255, 0) if image.mode == "L" else ((255, 255, 255), (0, 0, 0))
    font = _font(size)
    for number, line in enumerate(lines):
        place = (_MARGIN, _MARGIN + number * (size + 2))
        draw.text(place, line, fill=white, font=font, stroke_width=1, stroke_fill=black)
    return image


@lru_cache(maxsize=_LARGEST_SIZE)
def _font(size: int) -> Any:
    return ImageFont.load_default(size)


def _text(value: Any) -> str:
    return person_name(value) if isinstance(value, Mapping) else "" if value is None else str(value)
