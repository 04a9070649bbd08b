from typing import Any, cast

import numpy as np
import pytest
from pydicom.sr._concepts_dict import concepts

from analysis.analyzers import SeriesDescription
from analysis.findings import Code, Finding, Result
from analysis.mock.analyzer import MockAnalyzer
from analysis.mock.catalogue import CATALOGUE, Entry, Kind
from analysis.mock.placing import ball, body_mask, choose_spot
from analysis.result_json import result_to_json
from analysis.series import SeriesInput
from isocenter.demo.phantom import uid_from
from tests.analysis.conftest import analyzer_called, silent

CT, MR, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.88.33"
KINDS = [(entry, kind) for entry in CATALOGUE for kind in entry.kinds]


def _series(
    modality: str, *, part: str = "", description: str = "", uid: str = CT, **more: object
) -> SeriesDescription:
    given = {"image_type": ("ORIGINAL", "PRIMARY", "AXIAL"), "instances": 20, **more}
    return SeriesDescription(
        modality=modality,
        sop_class_uids=frozenset({uid}),
        body_part_examined=part,
        descriptions=(description,),
        **given,  # type: ignore[arg-type]  # attributes of a description
    )


def _takers(series: SeriesDescription) -> set[str]:
    mocks = [MockAnalyzer(entry, delay_seconds=(0, 0)) for entry in CATALOGUE]
    return {mock.name for mock in mocks if mock.applies_to(series).applies}


@pytest.mark.parametrize(
    ("series", "taker"),
    [
        (_series("CT", part="CHEST"), "mock-ct-chest"),
        (_series("CT", part="HEAD"), "mock-ct-head"),
        (_series("CT", description="CT Schädel nativ"), "mock-ct-head"),
        (_series("CT", description="Thorax_HR 1.0"), "mock-ct-chest"),
        (_series("CT", part="ABDOMEN"), "mock-ct-chest"),
        (_series("CT"), "mock-ct-chest"),
        (_series("MR", part="KNEE", uid=MR), "mock-mr-brain"),
        (_series("DX"), "mock-xr-chest"),
        (_series("CR", part="HAND"), "mock-xr-chest"),
        (_series("MG", part="BREAST"), "mock-mg-breast"),
        (_series("US"), "mock-us-thyroid"),
        (_series("PT"), "mock-pt-lesion"),
    ],
)
def test_each_image_series_has_one_mock(series: SeriesDescription, taker: str) -> None:
    assert _takers(series) == {taker}


@pytest.mark.parametrize(
    "series",
    [
        _series("CT", image_type=("ORIGINAL", "PRIMARY", "LOCALIZER")),
        _series("SR", uid=SR),
        _series("CT", uid="1.2.840.10008.5.1.4.1.1.66.4"),
        _series("CT", uid="1.2.840.10008.5.1.4.1.1.104.1"),
        _series("XA"),
        _series("CT", instances=0),
    ],
)
def test_what_is_no_image_of_the_catalogue_has_none(series: SeriesDescription) -> None:
    assert _takers(series) == set()


def test_the_same_study_gives_the_same_result(chest: SeriesInput) -> None:
    first, second = (analyzer_called("mock-ct-chest").analyze(chest, silent) for _ in range(2))
    assert result_to_json(first) == result_to_json(second)


def test_about_two_fifths_are_normal(chest: SeriesInput) -> None:
    mock = analyzer_called("mock-ct-chest")
    normal = 0
    for number in range(60):
        for item in chest.slices:
            item.header.StudyInstanceUID = uid_from("normal?", number)
        result: Result = mock.analyze(chest, silent)
        normal += not result.findings
    assert 12 <= normal <= 36


@pytest.mark.parametrize(("entry", "kind"), KINDS, ids=lambda value: getattr(value, "label", None))
def test_a_finding_lies_inside_the_body(chest: SeriesInput, entry: Entry, kind: Kind) -> None:
    for seed in range(5):
        spot = choose_spot(chest, kind, np.random.default_rng(seed))
        body = body_mask(chest.pixels(spot.slice_index), chest)
        assert all(body[int(row), int(column)] for column, row in spot.outline())
        mask = ball(chest, spot)
        assert mask is not None
        assert mask[spot.slice_index].any()
        assert entry.model.startswith("mock-")


def test_progress_grows_to_the_end(chest: SeriesInput) -> None:
    told: list[int] = []
    analyzer_called("mock-ct-chest").analyze(chest, lambda percent, _text: told.append(percent))
    assert told == sorted(told)
    assert len(told) >= 4


def test_sizes_carry_units_and_certainty_is_a_percentage(chest: SeriesInput) -> None:
    mock = analyzer_called("mock-ct-chest")
    found: list[Finding] = []
    for number in range(20):
        for item in chest.slices:
            item.header.StudyInstanceUID = uid_from("sizes", number)
        found.extend(mock.analyze(chest, silent).findings)
    assert found
    for finding in found:
        assert finding.certainty_percent is not None
        assert 0 < finding.certainty_percent < 100
        assert {item.unit.scheme for item in finding.measurements} == {"UCUM"}
        assert finding.site is not None


def _codes(value: object) -> list[Code]:
    if isinstance(value, Code):
        return [value]
    if isinstance(value, tuple | frozenset):
        return [code for item in value for code in _codes(item)]
    if isinstance(value, Entry | Kind) or hasattr(value, "__dataclass_fields__"):
        return [code for name in value.__dataclass_fields__ for code in _codes(getattr(value, name))]
    return []


def test_codes_of_the_standard_have_its_meanings() -> None:
    for code in _codes(CATALOGUE):
        # The fully specified names of SNOMED end in a semantic tag, which no report shows.
        known = {
            meaning.partition(" (")[0]
            for keyword in cast("dict[str, Any]", concepts).get(code.scheme, {}).values()
            for value, (meaning, _) in keyword.items()
            if value == code.value
        }
        assert not known or code.meaning in known, code
