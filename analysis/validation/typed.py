"""Whether a typed result can be said in DICOM, in words for those who make models.

The types of `analysis.findings` promise much that Python does not check. What breaks a promise is named here, before
anything is built: later it would be an error in somebody else's code, or an object that says something wrong.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from numbers import Integral, Real
from typing import Any, Final

from analysis.errors import InvalidResult
from analysis.findings import Code, Evaluation, Finding, Mask, Measurement, Result
from analysis.series import SeriesInput
from analysis.validation.places import mask_faults, region_faults

_LONGEST_SH: Final = 16
_LONGEST_IDENTIFIER: Final = 64
# Allowed in texts of several lines (PS3.5 6.2, UT).
_LAYOUT: Final = str.maketrans("", "", "\r\n\f\t")
_CODES_OF_FINDINGS: Final = ("category", "site", "laterality", "topography")
_CODES_OF_MASKS: Final = ("site", "laterality")
_WHOLE_COLOUR: Final = 255
_TRUTH: Final[tuple[type, ...]] = (bool,)


def check_result(result: object, series: SeriesInput) -> Result:
    """Give the result back if it is one, and all that it says can be said.

    Raises
    ------
    InvalidResult
        With everything that is wrong with it.
    """
    if not isinstance(result, Result):
        raise InvalidResult([f"the analyzer gave {type(result).__name__} instead of a Result"])
    reasons = list(dict.fromkeys(_faults(result, series)))
    if reasons:
        raise InvalidResult(reasons)
    return result


def _faults(result: Result, series: SeriesInput) -> Iterator[str]:
    kinds = {"findings": Finding, "measurements": Measurement, "masks": Mask, "failed_parts": str}
    wrong = [fault for name, kind in kinds.items() for fault in _list_faults(name, getattr(result, name), kind)]
    yield from wrong
    if wrong:
        return
    for finding in result.findings:
        named = f"finding '{finding.identifier}'"
        yield from _named(named, _finding_faults(finding, series, len(result.masks)))
    yield from _repeated(finding.identifier for finding in result.findings)
    yield from _named("measurements", _all_measurement_faults(result.measurements))
    for mask in result.masks:
        yield from _named(f"mask '{mask.label}'", _mask_faults(mask))
    for part in result.failed_parts:
        yield from _named("failed_parts", _text_faults("name", part))


def _named(owner: str, faults: Iterable[str]) -> Iterator[str]:
    return (f"{owner}: {fault}" for fault in faults)


def _list_faults(name: str, values: object, kind: type) -> Iterator[str]:
    if not isinstance(values, Sequence) or isinstance(values, str):
        yield f"{name} is {type(values).__name__} instead of a tuple"
        return
    for value in values:
        if not isinstance(value, kind):
            yield f"{name} has {type(value).__name__} instead of {kind.__name__}"


def _repeated(identifiers: Iterable[str]) -> Iterator[str]:
    """Name what is used twice: the Tracking UID follows from it, and says that it is the same thing."""
    seen: set[str] = set()
    for identifier in identifiers:
        if identifier in seen:
            yield f"two findings are called '{identifier}'"
        seen.add(identifier)


def _finding_faults(finding: Finding, series: SeriesInput, masks: int) -> Iterator[str]:
    yield from _text_faults("identifier", finding.identifier, longest=_LONGEST_IDENTIFIER, backslash=True)
    yield from _code_faults("finding", finding.finding)
    yield from _optional_codes(finding, _CODES_OF_FINDINGS)
    if finding.site is None and (finding.laterality is not None or finding.topography is not None):
        yield "laterality and topography need a site"
    if finding.certainty_percent is not None and not _is_percentage(finding.certainty_percent):
        yield "certainty_percent is not between 0 and 100"
    yield from _all_measurement_faults(finding.measurements)
    yield from _evaluation_faults(finding.evaluations)
    if finding.region is not None:
        yield from region_faults(finding.region, series)
    if finding.mask is not None and not _is_whole(finding.mask, masks - 1):
        yield f"mask {finding.mask} is none of the result's {masks}"
    if finding.comment is not None:
        yield from _comment_faults(finding.comment)


def _all_measurement_faults(measurements: object) -> Iterator[str]:
    wrong = list(_list_faults("measurements", measurements, Measurement))
    yield from wrong
    if wrong or not isinstance(measurements, Sequence):
        return
    for measurement in measurements:
        yield from _code_faults("name of a measurement", measurement.name)
        yield from _code_faults("unit of a measurement", measurement.unit)
        yield from _optional_codes(measurement, ("derivation",))
        if not _is_number(measurement.value):
            yield "value of a measurement is no finite number"


def _evaluation_faults(evaluations: object) -> Iterator[str]:
    wrong = list(_list_faults("evaluations", evaluations, Evaluation))
    yield from wrong
    if wrong or not isinstance(evaluations, Sequence):
        return
    for evaluation in evaluations:
        yield from _code_faults("name of an evaluation", evaluation.name)
        yield from _code_faults("value of an evaluation", evaluation.value)


def _mask_faults(mask: Mask) -> Iterator[str]:
    yield from _text_faults("label", mask.label)
    yield from _code_faults("category", mask.category)
    yield from _code_faults("property_type", mask.property_type)
    yield from _optional_codes(mask, _CODES_OF_MASKS)
    if mask.site is None and mask.laterality is not None:
        yield "laterality needs a site"
    colour: Any = mask.colour
    parts = list(colour) if isinstance(colour, Iterable) else []
    if len(parts) != len("RGB") or not all(_is_whole(part, _WHOLE_COLOUR) for part in parts):
        yield "colour is not three whole numbers from 0 to 255"
    yield from mask_faults(mask)


def _optional_codes(holder: object, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        value = getattr(holder, name)
        if value is not None:
            yield from _code_faults(name, value)


def _code_faults(name: str, value: object) -> Iterator[str]:
    """Check a code for what PS3.3 Table 8.8-1 demands."""
    if not isinstance(value, Code):
        yield f"{name} is {type(value).__name__} instead of a Code"
        return
    yield from _text_faults(f"{name}, value", value.value)
    yield from _text_faults(f"{name}, scheme", value.scheme, longest=_LONGEST_SH)
    yield from _text_faults(f"{name}, meaning", value.meaning)
    if value.version is not None:
        yield from _text_faults(f"{name}, version", value.version, longest=_LONGEST_SH)


def _text_faults(name: str, value: object, *, longest: int | None = None, backslash: bool = False) -> Iterator[str]:
    """Check a text of one line; a backslash would make two values of it, but where the VR is UT."""
    if not isinstance(value, str):
        yield f"{name} is {type(value).__name__} instead of a text"
    elif not value.strip():
        yield f"{name} is empty"
    elif not _is_printable(value) or ("\\" in value and not backslash):
        yield f"{name} has a backslash or control characters"
    elif longest is not None and len(value) > longest:
        yield f"{name} is longer than {longest} characters"


def _comment_faults(comment: object) -> Iterator[str]:
    if not isinstance(comment, str):
        yield f"comment is {type(comment).__name__} instead of a text"
    elif not _is_printable(comment.translate(_LAYOUT)):
        yield "comment has control characters"


def _is_printable(text: str) -> bool:
    """Whether UTF-8 can say it, without control characters; spaces and joiners of any script are no harm."""
    return not any(character < " " or "\x7f" <= character < "\xa0" or _is_half(character) for character in text)


def _is_half(character: str) -> bool:
    """Whether it is a half of a surrogate pair."""
    return "\ud800" <= character <= "\udfff"


def _is_whole(value: object, highest: int) -> bool:
    return isinstance(value, Integral) and 0 <= int(value) <= highest


def _is_number(value: object) -> bool:
    # numpy's numbers are Real, whatever they are made of; so is a truth value, which is no measurement.
    return isinstance(value, Real) and not isinstance(value, _TRUTH) and math.isfinite(float(value))


def _is_percentage(value: float) -> bool:
    return _is_number(value) and 0 <= float(value) <= 100  # noqa: PLR2004
