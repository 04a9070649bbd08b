"""What is asked for: the requests of viewers and worklists."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from tests.benchmarks import query_index
from tests.benchmarks.series import Series

FRAME: Final = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
FILES: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'
JSON: Final = "application/dicom+json"
JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
_ROOT: Final = "/dicom-web"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Some requests that are asked in turns."""

    name: str
    accept: str
    paths: Sequence[str]


def series_path(series: Series) -> str:
    """Give the path of a series."""
    return f"{_ROOT}/studies/{series.study_instance_uid}/series/{series.series_instance_uid}"


def instance_path(series: Series, number: int) -> str:
    """Give the path of an object of a series."""
    return f"{series_path(series)}/instances/{series.sop_instance_uid(number)}"


def frames(series: Series) -> list[Load]:
    """Ask for one frame again and again, and for all of a series as a viewer does."""
    paths = [f"{instance_path(series, number)}/frames/1" for number in range(series.count)]
    return [
        Load(name="one 512×512 frame", accept=FRAME, paths=paths[:1]),
        Load(name=f"the frames of {series.count} slices in turns", accept=FRAME, paths=paths),
    ]


def one_study() -> Load:
    """Ask for all studies of an archive that has one."""
    return Load(name="QIDO studies, one study in the archive", accept=JSON, paths=[f"{_ROOT}/studies"])


def searches(studies: int, count: int) -> list[Load]:
    """Ask as worklists do, about studies that are there, the same each time."""
    loads = []
    for name, path_of in _SEARCHES.items():
        chosen = random.Random(name).choices(range(studies), k=count)
        paths = [path for number in chosen for path in path_of(number)]
        loads.append(Load(name=f"QIDO by {name}, {studies:,} studies", accept=JSON, paths=paths))
    return loads


def _by_patient_id(number: int) -> list[str]:
    return [f"{_ROOT}/studies?PatientID={query_index.about(number)['patient_id']}"]


def _by_name_prefix(number: int) -> list[str]:
    prefix = query_index.about(number)["patient_name"].partition("^")[0]
    return [f"{_ROOT}/studies?PatientName={quote(prefix)}*"]


def _by_date_range(number: int) -> list[str]:
    # A month, of which a page is taken.
    first, last = (query_index.about(one)["study_date"] for one in (number, number + 240))
    return [f"{_ROOT}/studies?StudyDate={first}-{last}&limit=25"]


def _by_accession_number(number: int) -> list[str]:
    return [f"{_ROOT}/studies?AccessionNumber={query_index.about(number)['accession_number']}"]


def _drill_down(number: int) -> list[str]:
    series = f"{_ROOT}/studies/{query_index.study_uid(number)}/series"
    return [series, f"{series}/{query_index.series_uid(number)}/instances"]


_SEARCHES: Final[dict[str, Callable[[int], list[str]]]] = {
    "Patient ID": _by_patient_id,
    "name prefix": _by_name_prefix,
    "date range with limit": _by_date_range,
    "accession number": _by_accession_number,
    "drill-down": _drill_down,
}
