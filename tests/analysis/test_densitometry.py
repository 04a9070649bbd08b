import time
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from analysis.densitometry.density import density_of, histogram_of
from analysis.densitometry.lungs import segment_lungs
from analysis.errors import NotApplicable
from analysis.findings import Finding, Result
from analysis.series import SeriesInput
from isocenter.demo.phantom import PhantomStudy, write_phantom
from tests.analysis.conftest import analyzer_called, data_files, series_of, silent

ANALYZER = "ct-lung-densitometry"


def _value(finding: Finding, meaning: str) -> float:
    return next(item.value for item in finding.measurements if meaning in item.name.meaning)


def _finding(result: Result, identifier: str) -> Finding:
    return next(item for item in result.findings if item.identifier == identifier)


@pytest.mark.parametrize("seed", [1, 5])
def test_volumes_are_those_of_the_phantom(tmp_path: Path, seed: int) -> None:
    truth = write_phantom(tmp_path, slices=60, size=256, seed=seed)
    result = analyzer_called(ANALYZER).analyze(series_of(truth.files), silent)
    assert _value(_finding(result, "Both lungs"), "Volume") == pytest.approx(truth.lung_volume_ml, rel=0.03)
    assert _value(_finding(result, "Right lung"), "Volume") == pytest.approx(truth.right_lung_volume_ml, rel=0.03)
    assert _value(_finding(result, "Left lung"), "Volume") == pytest.approx(truth.left_lung_volume_ml, rel=0.03)


def test_mean_density_is_that_of_the_phantom(chest: SeriesInput, phantom: PhantomStudy) -> None:
    result = analyzer_called(ANALYZER).analyze(chest, silent)
    mean = _value(_finding(result, "Both lungs"), "Mean Attenuation")
    assert mean == pytest.approx(phantom.mean_lung_density_hu, abs=15)


def test_figures_of_a_known_histogram() -> None:
    # 100 voxels from -999 to -900 HU: 49 lie below -950, and 15 of them at or below -985.
    array = np.arange(-999, -899, dtype=np.int16).reshape(1, 10, 10)
    density = density_of(histogram_of(array, np.ones_like(array, dtype=bool)), voxel_ml=0.5)
    assert density.volume_ml == 50.0
    assert density.mean_hu == pytest.approx(-949.5)
    assert density.laa950_percent == 49.0
    assert density.perc15_hu == -985.0


def test_right_is_right_whatever_the_order_of_columns(tmp_path: Path) -> None:
    truth = write_phantom(tmp_path, slices=30, size=128)
    for path in truth.files:
        dataset = dcmread(path)
        pixels = np.frombuffer(dataset.PixelData, dtype="<u2").reshape(128, 128)
        dataset.PixelData = pixels[:, ::-1].tobytes()
        # The same patient, drawn from left to right.
        dataset.ImageOrientationPatient = [-1, 0, 0, 0, 1, 0]
        x, y, z = dataset.ImagePositionPatient
        dataset.ImagePositionPatient = [-x, y, z]
        dataset.save_as(path)
    series = series_of(truth.files)
    result = analyzer_called(ANALYZER).analyze(series, silent)
    assert _value(_finding(result, "Right lung"), "Volume") == pytest.approx(truth.right_lung_volume_ml, rel=0.05)


def test_airways_are_left_out(tmp_path: Path) -> None:
    truth = write_phantom(tmp_path, slices=60, size=256)
    volume = series_of(truth.files).volume
    lungs = segment_lungs(volume)
    # The trachea of the phantom runs in the middle of the image, above the carina.
    above_carina = volume.array.shape[0] - 10
    centre = slice(118, 138)
    assert not (lungs.right | lungs.left)[above_carina, 130:160, centre].any()


def test_it_is_quick_on_a_full_series(tmp_path: Path) -> None:
    volume = series_of(write_phantom(tmp_path).files).volume
    assert volume.array.shape == (120, 512, 512)
    taken = []
    for _ in range(3):
        begun = time.process_time()
        segment_lungs(volume)
        taken.append(time.process_time() - begun)
    assert min(taken) < 1.0


def test_a_head_has_no_lungs() -> None:
    series = series_of(data_files("ct_phantom_head_1mm"))
    with pytest.raises(NotApplicable, match="no two lungs"):
        analyzer_called(ANALYZER).analyze(series, silent)


def test_a_series_that_ends_inside_the_lungs_is_refused(phantom: PhantomStudy) -> None:
    with pytest.raises(NotApplicable, match="whole lungs"):
        analyzer_called(ANALYZER).analyze(series_of(phantom.files[:22]), silent)


def test_too_few_slices_are_refused(phantom: PhantomStudy) -> None:
    with pytest.raises(NotApplicable, match=r"fewer than 20 slices"):
        analyzer_called(ANALYZER).analyze(series_of(phantom.files[::2]), silent)


def test_slices_too_far_apart_are_refused(tmp_path: Path) -> None:
    thick = write_phantom(tmp_path, slices=20, size=64)
    with pytest.raises(NotApplicable, match="more than 5 mm apart"):
        analyzer_called(ANALYZER).analyze(series_of(thick.files), silent)


def test_a_missing_slice_is_noticed(phantom: PhantomStudy) -> None:
    with pytest.raises(NotApplicable, match="evenly"):
        analyzer_called(ANALYZER).analyze(series_of(phantom.files[:10] + phantom.files[11:]), silent)
