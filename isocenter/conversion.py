"""Reports in the SR class that a destination can keep."""

from dataclasses import replace
from pathlib import Path

from pydicom import dcmread
from pydicom.uid import Comprehensive3DSRStorage

from analysis.errors import InvalidResult
from analysis.results.conversion import convert_sr
from analysis.results.header import MANUFACTURER
from archive.errors import NotTranscodable
from archive.retrieve import StoredInstance
from isocenter.part10 import describe

_AS_MADE = "comprehensive3d"


def convert(instance: StoredInstance, source: Path, sr_class: str, folder: Path) -> StoredInstance | None:
    """Write a report of this node in another SR class.

    Parameters
    ----------
    instance, source
        What is to be sent, and its file.
    sr_class
        What the destination can keep, as in `[[ae]]`.
    folder
        Where the converted file goes.

    Returns
    -------
    StoredInstance or None
        The converted object; None for what is sent as it is: images, other vendors' reports, the wanted class.

    Raises
    ------
    NotTranscodable
        When the report has no form in that class.
    """
    if sr_class == _AS_MADE or str(instance.sop_class_uid) != Comprehensive3DSRStorage:
        return None
    report = dcmread(source)
    if report.get("Manufacturer") != MANUFACTURER:
        return None
    try:
        converted = convert_sr(report, sr_class)
    except InvalidResult as error:
        raise NotTranscodable(str(error)) from error
    path = folder / f"{instance.key.replace('/', '-')}"
    converted.save_as(path, enforce_file_format=True)
    return replace(
        describe(path),
        study_instance_uid=instance.study_instance_uid,
        series_instance_uid=instance.series_instance_uid,
        modality=instance.modality,
    )
