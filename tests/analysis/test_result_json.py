import json

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
