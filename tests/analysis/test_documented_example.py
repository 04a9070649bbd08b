"""The analyzer of the documentation is run as a model author would run it."""

from pathlib import Path

import pytest
from pydicom import dcmread

from analysis.folder import analyze_folder
from isocenter.demo.phantom import write_phantom

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def test_the_documented_analyzer_makes_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    # What an installed distribution's entry point would say.
    monkeypatch.setattr("analysis.folder.installed", lambda: {"brightest-slice": "brightest_slice:BrightestSlice"})
    write_phantom(tmp_path / "ct", slices=12, size=64)
    (outcome,) = analyze_folder(tmp_path / "ct", "brightest-slice", tmp_path / "results")
    (path,) = (tmp_path / "results").rglob("*.dcm")
    report = dcmread(path)
    assert outcome
    assert report.Modality == "SR"
    assert "brightest-slice" in report.SeriesDescription
