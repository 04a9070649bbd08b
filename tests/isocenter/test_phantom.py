import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from isocenter.demo.phantom import PhantomOptions, fresh_study_uid, phantom_datasets, write_phantom


def test_the_phantom_is_a_legal_ct_series(tmp_path: Path) -> None:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy (Debian dicom3tools) is not installed")
    study = write_phantom(tmp_path, slices=4, size=64)
    for path in study.files:
        done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False, timeout=60)
        assert (done.stdout + done.stderr).split() == ["CTImage"]


def test_the_same_options_give_the_same_bytes(tmp_path: Path) -> None:
    first = write_phantom(tmp_path / "a", slices=3, size=64, seed=4)
    second = write_phantom(tmp_path / "b", slices=3, size=64, seed=4)
    assert [path.read_bytes() for path in first.files] == [path.read_bytes() for path in second.files]


def test_another_seed_or_study_uid_is_another_study(tmp_path: Path) -> None:
    uid = fresh_study_uid()
    studies = [
        write_phantom(tmp_path / "a", slices=2, size=32),
        write_phantom(tmp_path / "b", slices=2, size=32, seed=2),
        write_phantom(tmp_path / "c", slices=2, size=32, study_uid=uid),
    ]
    assert studies[2].study_instance_uid == uid
    assert len({study.study_instance_uid for study in studies}) == 3
    instances = [dcmread(path).SOPInstanceUID for study in studies for path in study.files]
    assert len(set(instances)) == 6


def test_there_is_lung_heart_bone_and_a_nodule(tmp_path: Path) -> None:
    study = write_phantom(tmp_path, slices=60, size=256)
    assert 1000 < study.lung_volume_ml < 1500
    assert study.right_lung_volume_ml > study.left_lung_volume_ml
    x, y, z = study.nodule.centre_mm
    nearest = min((dcmread(path) for path in study.files), key=lambda ds: abs(float(ds.ImagePositionPatient[2]) - z))
    column = round((x - float(nearest.ImagePositionPatient[0])) / float(nearest.PixelSpacing[1]))
    row = round((y - float(nearest.ImagePositionPatient[1])) / float(nearest.PixelSpacing[0]))
    hounsfield = nearest.pixel_array.astype(int) + int(nearest.RescaleIntercept)
    assert hounsfield[row, column] == pytest.approx(35, abs=80)
    assert hounsfield[row, column + 8] < -600
    assert (hounsfield > 400).any()


def test_the_whole_series_is_made_in_seconds() -> None:
    begun = time.process_time()
    datasets = list(phantom_datasets(PhantomOptions()))
    assert time.process_time() - begun < 10
    assert len(datasets) == 120
    assert {ds.Rows for ds in datasets} == {512}
    assert np.unique([ds.SOPInstanceUID for ds in datasets]).size == 120
