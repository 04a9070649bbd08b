"""From a typed result to files: build, validate, write."""

from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from analysis.findings import Result
from analysis.results.conversion import convert_sr
from analysis.results.report import build_report
from analysis.results.run import Run, SRClass
from analysis.results.segmentation import build_segmentation
from analysis.validation.checks import validate
from analysis.validation.typed import check_result


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducedFile:
    """A result object on disk."""

    path: Path
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    modality: str


def build_objects(run: Run, result: Result) -> list[Dataset]:
    """Make the DICOM objects of a result: the segmentation first, then the report that refers to it.

    Raises
    ------
    InvalidResult
        If the result cannot be said in DICOM.
    """
    check_result(result, run.series)
    segmentation = build_segmentation(run, result)
    report = build_report(run, result, segmentation)
    if run.sr_class is not SRClass.COMPREHENSIVE_3D:
        report = convert_sr(report, run.sr_class)
    return [segmentation.dataset, report] if segmentation is not None else [report]


def write_results(run: Run, result: Result, folder: Path) -> list[ProducedFile]:
    """Write the objects of a result as Part 10 files into `folder`, after all of them were found valid.

    Raises
    ------
    InvalidResult
        With everything that is wrong with any of them.
    """
    written = []
    objects = build_objects(run, result)
    encoded = validate(objects, [item.header for item in run.series.slices])
    for dataset, data in zip(objects, encoded, strict=True):
        path = folder / f"{dataset.Modality}.dcm"
        path.write_bytes(data)
        written.append(
            ProducedFile(
                path=path,
                study_instance_uid=str(dataset.StudyInstanceUID),
                series_instance_uid=str(dataset.SeriesInstanceUID),
                sop_instance_uid=str(dataset.SOPInstanceUID),
                sop_class_uid=str(dataset.SOPClassUID),
                modality=str(dataset.Modality),
            )
        )
    return written
