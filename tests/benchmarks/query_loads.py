"""The questions that are asked: what a worklist, a viewer and a router ask most."""

import random
from collections.abc import Callable
from typing import Final, TypeAlias

from tests.benchmarks import query_index
from tests.benchmarks.query_client import Question

Questions: TypeAlias = tuple[Question, ...]

_FEW: Final = 5
_RETURNED: Final = {
    "PatientName": "",
    "PatientID": "",
    "PatientBirthDate": "",
    "StudyInstanceUID": "",
    "StudyDate": "",
    "StudyTime": "",
    "AccessionNumber": "",
    "StudyDescription": "",
}


def by_patient_id(number: int) -> Questions:
    """Ask for one patient."""
    return (_study(PatientID=query_index.about(number)["patient_id"]),)


def by_name_prefix(number: int) -> Questions:
    """Ask for names that begin alike."""
    return (_study(PatientName=query_index.about(number)["patient_name"].partition("^")[0] + "*"),)


def by_date_range(number: int) -> Questions:
    """Ask for a day or two, so that the answer is as limited as a client's page."""
    days = (query_index.about(one)["study_date"] for one in (number, number + _FEW))
    return (_study(StudyDate="-".join(days)),)


def by_accession_number(number: int) -> Questions:
    """Ask for one order."""
    return (_study(AccessionNumber=query_index.about(number)["accession_number"]),)


def drill_down(number: int) -> Questions:
    """Ask for the series of a study, then for the images of the series."""
    study = {"StudyInstanceUID": query_index.study_uid(number)}
    series = {**study, "SeriesInstanceUID": query_index.series_uid(number)}
    return (
        Question.of("SERIES", {**study, "SeriesInstanceUID": "", "Modality": "", "SeriesNumber": ""}),
        Question.of("IMAGE", {**series, "SOPInstanceUID": "", "InstanceNumber": ""}),
    )


def _study(**keys: str) -> Question:
    return Question.of("STUDY", {**_RETURNED, **keys})


LOADS: Final[dict[str, Callable[[int], Questions]]] = {
    "Patient ID": by_patient_id,
    "name prefix": by_name_prefix,
    "date range": by_date_range,
    "accession number": by_accession_number,
    "drill-down": drill_down,
}


def questions(load: str, *, studies: int, count: int) -> list[Question]:
    """Choose questions about studies that are there, the same each time."""
    chosen = random.Random(load).choices(range(studies), k=count)
    return [question for number in chosen for question in LOADS[load](number)]
