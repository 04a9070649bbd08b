"""What a model returns that cannot be said in DICOM never becomes an object, and its maker is told what is wrong."""

from collections.abc import Callable
from dataclasses import replace
from math import inf, nan
from typing import Any

import numpy as np
import pytest

from analysis.codes import ABNORMAL_STRUCTURE, ARTIFICIAL_INTELLIGENCE, LEFT, MILLIMETER
from analysis.errors import InvalidResult
from analysis.findings import Code, Evaluation, Finding, Mask, Measurement, Region, Result, Shape, Space
from analysis.results.package import build_objects
from analysis.results.run import Algorithm
from analysis.series import SeriesInput
from tests.analysis.conftest import data_files, objects_of, run_of, series_of

LESION = Code("52988006", "SCT", "Lesion")
LENGTH = Code("410668003", "SCT", "Length")
ALGORITHM = Algorithm(name="model", version="1", manufacturer="Example Hospital", family=ARTIFICIAL_INTELLIGENCE)
FINDING = Finding(identifier="Lesion 1", finding=LESION)
NOTHING = Code("", "", "")


def _size(value: Any, **changes: Any) -> Result:
    size = Measurement(name=LENGTH, value=value, unit=MILLIMETER)
    return Result(findings=(replace(FINDING, measurements=(replace(size, **changes),)),))


def _finding(**changes: Any) -> Result:
    return Result(findings=(replace(FINDING, **changes),))


def _coded(value: Any, scheme: Any = "DCM", meaning: Any = "Meaning") -> Result:
    return _finding(finding=Code(value, scheme, meaning))


_WRONG: dict[str, tuple[Any, str]] = {
    "nothing": (None, "NoneType instead of a Result"),
    "json": ({"findings": []}, "dict instead of a Result"),
    "one finding": (Result(findings=FINDING), "findings is Finding instead of a tuple"),  # type: ignore[arg-type]
    "dictionaries": (Result(findings=({},)), "findings has dict instead of Finding"),  # type: ignore[arg-type]
    "a word of failed parts": (Result(failed_parts="lungs"), "failed_parts is str"),
    "failed parts of two values": (Result(failed_parts=("a\\b",)), "backslash"),
    "a size that is no number": (_size(nan), "no finite number"),
    "a size without end": (_size(inf), "no finite number"),
    "a size as text": (_size("12"), "no finite number"),
    "a size as truth": (_size(True), "no finite number"),  # noqa: FBT003 - that is the point
    "no unit": (_size(1.0, unit=NOTHING), "unit of a measurement, value is empty"),
    "an overall number that is none": (Result(measurements=_size(nan).findings[0].measurements), "no finite number"),
    "more than certain": (_finding(certainty_percent=150.0), "certainty_percent"),
    "less than impossible": (_finding(certainty_percent=-1.0), "certainty_percent"),
    "no name": (_finding(identifier=""), "identifier is empty"),
    "a number as name": (_finding(identifier=7), "identifier is int"),
    "a name too long": (_finding(identifier="x" * 65), "longer than 64"),
    "a name twice": (Result(findings=(FINDING, FINDING)), "two findings are called 'Lesion 1'"),
    "no code": (_finding(finding="nodule"), "finding is str instead of a Code"),
    "an empty code": (_coded("", "", ""), "finding, value is empty"),
    "a code of two values": (_coded("a\\b"), "finding, value has a backslash"),
    "a scheme too long": (_coded("1", "A_SCHEME_TOO_LONG"), "finding, scheme is longer than 16"),
    "a code without meaning": (_coded("1", meaning=" "), "finding, meaning is empty"),
    "an empty answer": (_finding(evaluations=(Evaluation(name=LESION, value=NOTHING),)), "value of an evaluation"),
    "a side of nothing": (_finding(laterality=LEFT), "need a site"),
    "a NUL in a comment": (_finding(comment="a\0b"), "control characters"),
    "half a character in a comment": (_finding(comment="a\udc80b"), "control characters"),
    "no such mask": (_finding(mask=0), "mask 0 is none of the result's 0"),
}


@pytest.mark.parametrize(("result", "reason"), _WRONG.values(), ids=_WRONG)
def test_a_wrong_result_is_refused_with_the_reason(chest: SeriesInput, result: Any, reason: str) -> None:
    with pytest.raises(InvalidResult, match=reason):
        build_objects(run_of(chest, ALGORITHM), result)


_SQUARE = ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0))
_PLACES: dict[str, tuple[dict[str, Any], str]] = {
    "no point": ({"points": ()}, "points of a region"),
    "no number": ({"points": ((nan, 1.0),)}, "points of a region"),
    "three numbers in pixels": ({"points": ((1.0, 1.0, 1.0),)}, "points of a region"),
    "two numbers in the patient": ({"space": Space.PATIENT}, "points of a region"),
    "two points as one": ({"points": _SQUARE[:2]}, "a point has 1 points at most"),
    "a line of one point": ({"shape": Shape.POLYLINE}, "a polyline has 2 different points at least"),
    "a polygon of two": ({"shape": Shape.POLYGON, "points": _SQUARE[:2]}, "a polygon has 3 different points"),
    "a circle of three": ({"shape": Shape.CIRCLE, "points": _SQUARE}, "a circle has 2 points at most"),
    "a circle without radius": ({"shape": Shape.CIRCLE, "points": _SQUARE[:1] * 2}, "a circle has 2 different points"),
    "a word for a shape": ({"shape": "circle"}, "of the types Shape and Space"),
    "another image": ({"sop_instance_uid": "1.2.3"}, "not in the series"),
    "another frame": ({"frame_number": 2}, "not in the series"),
    "beside the image": ({"points": ((-5.0, 1.0),)}, "outside its image"),
    "out of the plane": ({"points": ((0.0, 0.0, 9999.0),), "space": Space.PATIENT}, "not lie in the plane"),
    "more points than Graphic Data holds": (
        {"shape": Shape.POLYLINE, "points": tuple((i / 100, 1.0) for i in range(6000))},
        "5460 points at most",
    ),
}


@pytest.mark.parametrize(("changes", "reason"), _PLACES.values(), ids=_PLACES)
def test_a_region_that_cannot_be_drawn_is_refused(chest: SeriesInput, changes: dict[str, Any], reason: str) -> None:
    point = Region(sop_instance_uid=chest.slices[0].sop_instance_uid, shape=Shape.POINT, points=_SQUARE[:1])
    with pytest.raises(InvalidResult, match=reason):
        build_objects(run_of(chest, ALGORITHM), _finding(region=replace(point, **changes)))


def test_a_region_on_a_clip_names_its_frame() -> None:
    clip = series_of(data_files("nm", "NM-MONO2-16-13x-heart"))
    region = Region(sop_instance_uid=clip.slices[0].sop_instance_uid, shape=Shape.POINT, points=_SQUARE[:1])
    with pytest.raises(InvalidResult, match="an image of 13 frames and names none"):
        build_objects(run_of(clip, ALGORITHM), _finding(region=region))
    build_objects(run_of(clip, ALGORITHM), _finding(region=replace(region, frame_number=13)))


def _lower(array: np.ndarray[Any, Any]) -> Any:
    return array * 0.3


_MASKS: dict[str, tuple[Callable[[np.ndarray[Any, Any]], Any], dict[str, Any], str]] = {
    "probabilities": (_lower, {}, "values other than 0 and 1"),
    "numbers of labels": (lambda array: array * 7, {}, "values other than 0 and 1"),
    "a list": (lambda array: array.tolist(), {}, "list instead of a numpy array"),
    "no label": (lambda array: array, {"label": ""}, "label is empty"),
    "a label of two lines": (lambda array: array, {"label": "a\nb"}, "control characters"),
    "a colour in parts of one": (lambda array: array, {"colour": (0.9, 0.5, 0.1)}, "whole numbers"),
    "a colour beyond white": (lambda array: array, {"colour": (300, 0, 0)}, "whole numbers"),
    "a side of nothing": (lambda array: array, {"laterality": LEFT}, "laterality needs a site"),
}


@pytest.mark.parametrize(("change", "changes", "reason"), _MASKS.values(), ids=_MASKS)
def test_a_mask_that_is_none_is_refused(
    chest: SeriesInput, change: Callable[[np.ndarray[Any, Any]], Any], changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidResult, match=reason):
        build_objects(run_of(chest, ALGORITHM), Result(masks=(replace(_mask(chest, change), **changes),)))


def test_a_mask_counts_from_the_first_and_never_from_the_last(chest: SeriesInput) -> None:
    result = Result(findings=(replace(FINDING, mask=-1),), masks=(_mask(chest, lambda array: array),))
    with pytest.raises(InvalidResult, match="mask -1 is none of the result's 1"):
        build_objects(run_of(chest, ALGORITHM), result)


def test_what_can_be_said_is_said_whatever_type_of_number_says_it(chest: SeriesInput) -> None:
    size = Measurement(name=LENGTH, value=np.float32(1.5), unit=MILLIMETER)  # type: ignore[arg-type]  # as models have it
    outline = Region(
        sop_instance_uid=chest.slices[0].sop_instance_uid,
        shape=Shape.POLYGON,
        points=np.asarray(_SQUARE),  # type: ignore[arg-type]
    )
    index: Any = np.int64(0)
    finding = replace(FINDING, measurements=(size,), region=outline, mask=index, comment="first\nsecond C:\\ 所見")
    mask = _mask(chest, lambda array: array.astype(np.uint8))
    objects = objects_of(run_of(chest, ALGORITHM), Result(findings=(finding,), masks=[mask]))  # type: ignore[arg-type]
    assert objects.keys() == {"SR", "SEG"}


@pytest.mark.parametrize("value", ["urn:oid:2.16.840.1.113883.6.24", "https://example.org/codes/nodule"])
def test_a_code_that_is_a_urn_or_url_is_written_as_one(chest: SeriesInput, value: str) -> None:
    report = objects_of(run_of(chest, ALGORITHM), _coded(value))["SR"]
    (measurements,) = [item for item in report.ContentSequence if _code_value(item) == "126010"]
    (found,) = [item for item in measurements.ContentSequence[0].ContentSequence if _code_value(item) == "121071"]
    assert found.ConceptCodeSequence[0].URNCodeValue == value
    assert "CodeValue" not in found.ConceptCodeSequence[0]
    assert "LongCodeValue" not in found.ConceptCodeSequence[0]


def _code_value(item: Any) -> Any:
    return item.ConceptNameCodeSequence[0].CodeValue


def _mask(series: SeriesInput, change: Callable[[np.ndarray[Any, Any]], Any]) -> Mask:
    array = np.zeros((len(series.slices), *series.slices[0].shape), dtype=bool)
    array[0, :3, :3] = True
    return Mask(array=change(array), label="Lesion 1", category=ABNORMAL_STRUCTURE, property_type=LESION)
