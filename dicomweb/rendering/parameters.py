"""The query parameters of rendered resources (PS3.18 Section 8.3.5.1)."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from dicomweb.problems import bad_request
from dicomweb.rendering.attributes import Window

_LARGEST_SIDE: Final = 8192
_FUNCTIONS: Final = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
# Parameters of the standard that ask for what these pictures do not have: burned-in annotation, colour profiles.
_WITHOUT_EFFECT: Final = frozenset({"accept", "annotation", "iccprofile"})
_BEST_QUALITY: Final = 100


@dataclass(frozen=True, slots=True)
class Viewport:
    """Size of the picture and, where given, the part of the image that it shows; negative sizes mirror it."""

    width: int
    height: int
    source: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderingParameters:
    """How a picture is wanted."""

    window: Window | None = None
    viewport: Viewport | None = None
    quality: int = 90


def parse_rendering(pairs: Iterable[tuple[str, str]]) -> RenderingParameters:
    """Read the query string.

    Raises
    ------
    Problem
        400 for a parameter that is not known or has a value that it cannot have.
    """
    found = RenderingParameters()
    for name, value in pairs:
        match name:
            case "window":
                found = replace(found, window=_window(value))
            case "viewport":
                found = replace(found, viewport=_viewport(value))
            case "quality":
                found = replace(found, quality=_quality(value))
            case _ if name not in _WITHOUT_EFFECT:
                raise bad_request("A query parameter is not known; there are window, viewport and quality.")
    return found


def _numbers(value: str, counts: set[int], name: str) -> list[float | None]:
    parts = value.split(",")
    if len(parts) not in counts:
        raise bad_request(f"The query parameter {name} has the wrong number of values.")
    try:
        numbers = [float(part) if part.strip() else None for part in parts]
    except ValueError as error:
        raise bad_request(f"The query parameter {name} has a value that is no number.") from error
    if any(number is not None and not math.isfinite(number) for number in numbers):
        raise bad_request(f"The query parameter {name} has a value that is no number.")
    return numbers


def _window(value: str) -> Window:
    text, _, function = value.rpartition(",") if value.count(",") > 1 else (value, "", "linear")
    center, width = _numbers(text, {2}, "window")
    if center is None or width is None or width <= 0 or function not in _FUNCTIONS:
        raise bad_request("The query parameter window is center, width and perhaps linear, linear-exact or sigmoid.")
    return Window(center, width, _FUNCTIONS[function])


def _viewport(value: str) -> Viewport:
    numbers = _numbers(value, {2, 6}, "viewport")
    width, height = numbers[0], numbers[1]
    if width is None or height is None or not (1 <= width <= _LARGEST_SIDE and 1 <= height <= _LARGEST_SIDE):
        raise bad_request(f"The size in the query parameter viewport is from 1 to {_LARGEST_SIDE}.")
    if len(numbers) == 2:  # noqa: PLR2004 - size only
        return Viewport(int(width), int(height))
    left, top, source_width, source_height = numbers[2:]
    source = (left or 0.0, top or 0.0, source_width or math.inf, source_height or math.inf)
    return Viewport(int(width), int(height), source)


def _quality(value: str) -> int:
    if not (value.isascii() and value.isdecimal() and 1 <= int(value[:4]) <= _BEST_QUALITY):
        raise bad_request("The query parameter quality is from 1 to 100.")
    return int(value)
