import json
from typing import Any

import numpy as np
import pytest

from analysis.errors import InvalidResult
from analysis.result_json import RESULT_SCHEMA, result_from_json, result_to_json
from analysis.series import SeriesInput
from tests.analysis.conftest import analyzer_called, silent


@pytest.mark.parametrize("name", ["ct-lung-densitometry", "mock-ct-chest"])
def test_a_result_survives_the_way_through_json(chest: SeriesInput, name: str) -> None:
    result = analyzer_called(name).analyze(chest, silent)
    text = json.dumps(result_to_json(result))
    again = result_from_json(json.loads(text))
    assert result_to_json(again) == result_to_json(result)
    for mask, other in zip(result.masks, again.masks, strict=True):
        assert np.array_equal(mask.array, other.array)


@pytest.mark.parametrize(
    "answer",
    [
        {"findings": [{"identifier": "x"}]},
        {"findings": 3},
        {"masks": [{"shape": [1, 2, 2], "bits": "!", "label": "x"}]},
        {"findings": [{"identifier": "x", "finding": "nodule"}]},
    ],
)
def test_a_wrong_answer_is_refused(answer: dict[str, object]) -> None:
    with pytest.raises(InvalidResult, match="schema"):
        result_from_json(answer)


_CODE = {"value": "52988006", "scheme": "SCT", "meaning": "Lesion"}
_LESION = {"identifier": "Lesion 1", "finding": _CODE}
_POINT = {"sop_instance_uid": "1.2", "shape": "point", "points": [[1.0, 1.0]]}
_BITS = {"shape": [1, 9, 9], "bits": "eJxjYIAAAAAIAAE=", "label": "x", "category": _CODE, "property_type": _CODE}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"Findings": [_LESION]}, "has 'Findings', which means nothing"),
        ({"findings": [{**_LESION, "certainty": 90}]}, "has 'certainty', which means nothing"),
        ({"findings": [{**_LESION, "abnormal": "false"}]}, "abnormal is no boolean"),
        ({"findings": [{**_LESION, "certainty_percent": "50"}]}, "certainty_percent is no number"),
        ({"findings": [{**_LESION, "certainty_percent": 101}]}, "certainty_percent is 101, which is too large"),
        ({"findings": [{**_LESION, "identifier": 5}]}, "identifier is no string"),
        ({"findings": [{**_LESION, "identifier": ""}]}, "the length of .*identifier is 0, which is too small"),
        ({"findings": [{**_LESION, "mask": 1.7}]}, "mask is no integer"),
        ({"findings": [{**_LESION, "mask": True}]}, "mask is no integer"),
        ({"findings": [{**_LESION, "finding": {**_CODE, "value": None}}]}, "value is no string"),
        ({"findings": [{**_LESION, "region": {**_POINT, "shape": "box"}}]}, "shape is none of point"),
        ({"findings": [{**_LESION, "region": {**_POINT, "points": []}}]}, "the length of .*points is 0"),
        ({"measurements": [{"name": _CODE, "value": float("nan"), "unit": _CODE}]}, "value is no number"),
        ({"failed_parts": "lungs"}, "failed_parts is no array"),
        ({"masks": [_BITS]}, "bits of a mask, which are fewer than its shape has"),
        ({"masks": [{**_BITS, "shape": [10**5] * 3}]}, "bits of a mask, which are fewer"),
        ([], "is no object"),
    ],
)
def test_what_is_misspelt_is_not_taken_for_silence(answer: Any, reason: str) -> None:
    with pytest.raises(InvalidResult, match=reason):
        result_from_json(answer)


def test_a_small_answer_does_not_unfold_into_a_large_mask(chest: SeriesInput) -> None:
    value = result_to_json(analyzer_called("ct-lung-densitometry").analyze(chest, silent))["masks"][0]
    with pytest.raises(InvalidResult):
        result_from_json({"masks": [{**value, "shape": [-1, 5, 5]}]})


def test_the_schema_names_what_is_written(chest: SeriesInput) -> None:
    value = result_to_json(analyzer_called("ct-lung-densitometry").analyze(chest, silent))
    definitions = RESULT_SCHEMA["$defs"]
    assert set(value) <= set(RESULT_SCHEMA["properties"])
    for finding in value["findings"]:
        assert set(definitions["finding"]["required"]) <= set(finding) <= set(definitions["finding"]["properties"])
    for mask in value["masks"]:
        assert set(definitions["mask"]["required"]) <= set(mask) <= set(definitions["mask"]["properties"])
