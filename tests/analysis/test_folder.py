from pathlib import Path

import pytest
from pydicom import dcmread

from analysis.errors import UnknownAnalyzer
from analysis.folder import analyze_folder
from isocenter.demo.phantom import PhantomStudy
from tests.analysis.conftest import with_patient


def test_a_folder_is_analysed_without_a_node(phantom: PhantomStudy, tmp_path: Path) -> None:
    (outcome,) = analyze_folder(phantom.files[0].parent, "ct-lung-densitometry", tmp_path)
    assert outcome.state == "complete"
    assert {dcmread(file.path, stop_before_pixels=True).Modality for file in outcome.files} == {"SR", "SEG"}
    assert all(file.path.is_relative_to(tmp_path) for file in outcome.files)


def test_a_series_that_is_not_taken_is_skipped_with_the_reason(phantom: PhantomStudy, tmp_path: Path) -> None:
    (outcome,) = analyze_folder(phantom.files[0].parent, "mock-mr-brain", tmp_path)
    assert (outcome.state, outcome.reason) == ("skipped", "not MR")


def test_a_failing_analyzer_is_an_outcome(phantom: PhantomStudy, tmp_path: Path) -> None:
    with_patient(phantom.files[:3], tmp_path / "in", "FAIL^1")
    (outcome,) = analyze_folder(tmp_path / "in", "mock-ct-chest", tmp_path / "out", {"delay_seconds": [0, 0]})
    assert (outcome.state, outcome.reason) == ("failed", "simulated failure of the model")


def test_an_unknown_analyzer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownAnalyzer):
        analyze_folder(tmp_path, "nobody", tmp_path)


def test_an_analyzer_that_cannot_say_what_it_takes_has_failed(
    phantom: PhantomStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_ins = {"misbehaving": "tests.analysis.misbehaving:Misbehaving"}
    monkeypatch.setattr("analysis.folder.installed", lambda: plug_ins)
    options = {"kind": "raise_when_asked"}
    (outcome,) = analyze_folder(phantom.files[0], "misbehaving", tmp_path, options)
    assert outcome.state == "failed"
    assert outcome.reason == "misbehaving cannot say whether it takes the series (KeyError)"
