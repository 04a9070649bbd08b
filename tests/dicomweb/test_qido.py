"""QIDO-RS: resources, parameters and answers (PS3.18 Section 10.6), one case a rule."""

from typing import Any

import pytest

from tests.archive.index_rows import add_instance
from tests.dicomweb.conftest import Web

STUDIES: list[dict[str, Any]] = [
    {"patient_id": "1001", "patient_name": "Doe^John", "study_date": "20200101", "accession_number": "A1"},
    {"patient_id": "1002", "patient_name": "Yamada^Tarou=山田^太郎", "study_date": "20210615", "study_time": "0930"},
    {"patient_id": "2001", "patient_name": "<img src=x onerror=alert(1)>", "study_description": "Thorax, nativ"},
]


@pytest.fixture(scope="module")
def web(shared_web: Web) -> Web:
    def fill(connection: Any) -> None:
        for number, about in enumerate(STUDIES, start=1):
            for series, modality in enumerate(["CT", "SR"][:number], start=1):
                size = {"rows": 512, "columns": 256, "bits_allocated": 16} if modality == "CT" else {}
                about_instance: dict[str, Any] = {"instance_number": "7", **size}
                add_instance(
                    connection,
                    uids=(f"1.{number}", f"1.{number}.{series}", f"1.{number}.{series}.1"),
                    of_study=about,
                    of_series={"modality": modality, "series_number": str(series), "requested_procedure_id": "RP"},
                    **about_instance,
                )

    shared_web.database.write(fill)
    return shared_web


def found(web: Web, path: str, **params: Any) -> list[str]:
    tag = {"studies": "0020000D", "series": "0020000E", "instances": "00080018"}[path.rsplit("/", 1)[-1]]
    return sorted(item[tag]["Value"][0] for item in web.json(path, **params))


@pytest.mark.parametrize(
    ("path", "params", "expected"),
    [
        # Resources (Table 10.6.1-1)
        ("/studies", {}, ["1.1", "1.2", "1.3"]),
        ("/studies/1.2/series", {}, ["1.2.1", "1.2.2"]),
        ("/studies/1.2/series/1.2.1/instances", {}, ["1.2.1.1"]),
        ("/studies/1.2/instances", {}, ["1.2.1.1", "1.2.2.1"]),
        ("/series", {"Modality": "SR"}, ["1.2.2", "1.3.2"]),
        ("/instances", {"StudyInstanceUID": "1.1"}, ["1.1.1.1"]),
        # Attributes by keyword and by tag
        ("/studies", {"PatientID": "1001"}, ["1.1"]),
        ("/studies", {"00100020": "1001"}, ["1.1"]),
        # Matching: wildcards, ranges, lists of UIDs by comma and backslash, sequences by path
        ("/studies", {"00100020": "*00*"}, ["1.1", "1.2", "1.3"]),
        ("/studies", {"PatientID": "100?"}, ["1.1", "1.2"]),
        ("/studies", {"StudyDate": "20200101-20201231"}, ["1.1"]),
        ("/studies", {"StudyInstanceUID": "1.1,1.3"}, ["1.1", "1.3"]),
        ("/studies", {"StudyInstanceUID": "1.1\\1.2"}, ["1.1", "1.2"]),
        ("/studies", {"StudyInstanceUID": ["1.1", "1.2"]}, ["1.1", "1.2"]),
        ("/studies", {"ModalitiesInStudy": "SR"}, ["1.2", "1.3"]),
        ("/studies", {"PatientName": "山田*"}, ["1.2"]),
        ("/studies", {"StudyDescription": "Thorax, nativ"}, ["1.3"]),
        ("/series", {"RequestAttributesSequence.RequestedProcedureID": "RP", "SeriesNumber": "2"}, ["1.2.2", "1.3.2"]),
        ("/series", {"00400275.00401001": "XX"}, []),
        ("/studies", {"PatientName": "john doe", "fuzzymatching": "true"}, ["1.1"]),
        ("/studies", {"PatientName": "john doe", "fuzzymatching": "false"}, []),
        # Nothing found is an answer
        ("/studies", {"PatientID": "none"}, []),
        ("/studies/9.9/series", {}, []),
        # Limit and offset
        ("/studies", {"limit": "1"}, ["1.3"]),
        ("/studies", {"limit": "1", "offset": "1"}, ["1.2"]),
        ("/studies", {"offset": "5"}, []),
        ("/studies", {"limit": "0"}, []),
        # Names that look like SQL or markup are just names
        ("/studies", {"PatientName": "%"}, []),
        ("/studies", {"PatientName": "'; DROP TABLE study; --"}, []),
        ("/studies", {"PatientName": "<img*"}, ["1.3"]),
    ],
)
def test_searches(web: Web, path: str, params: dict[str, Any], expected: list[str]) -> None:
    assert found(web, path, **params) == expected


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"NoSuchThing": "1"}, "NoSuchThing"),
        ({"9999FFFE": "1"}, "9999FFFE"),
        ({"<script>": "1"}, "script"),
        ({"PatientMotherBirthName": "x"}, "PatientMotherBirthName"),
        ({"StudyDate.PatientID": "x"}, "StudyDate.PatientID"),
        ({"includefield": "NoSuchThing"}, "NoSuchThing"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"offset": "1e12"}, "offset"),
        ({"offset": "999999999999"}, "offset"),
        ({"offset": "9" * 40}, "offset"),
        ({"fuzzymatching": "perhaps"}, "fuzzymatching"),
        ({"StudyDate": "20210101-20200101"}, "StudyDate"),
        ({"StudyDate": "yesterday"}, "StudyDate"),
        ({"StudyInstanceUID": "1.2*"}, "StudyInstanceUID"),
        ({"PatientName": "x" * 2000}, "PatientName"),
    ],
)
def test_b51_what_cannot_be_answered_is_a_problem_that_names_it(web: Web, params: dict[str, str], named: str) -> None:
    answer = web.http.get("/studies", params=params)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == 400
    assert named in problem["detail"]
    assert "<" not in problem["detail"]


def test_a_study_has_the_required_attributes(web: Web) -> None:
    (study,) = web.json("/studies", StudyInstanceUID="1.2")
    required = """00080005 00080020 00080030 00080050 00080056 00080061 00080090 00080201 00081190 00100010 00100020
        00100030 00100040 0020000D 00200010 00201206 00201208"""
    assert set(required.split()) <= study.keys()
    assert list(study) == sorted(study)
    assert study["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}]}
    assert study["00080061"] == {"vr": "CS", "Value": ["CT", "SR"]}
    assert study["00201206"] == {"vr": "IS", "Value": [2]}
    assert study["00081190"] == {"vr": "UR", "Value": [f"{web.url}/studies/1.2"]}
    assert study["00080090"] == {"vr": "PN"}


def test_series_and_instances_have_theirs(web: Web) -> None:
    (series,) = web.json("/studies/1.2/series", Modality="SR")
    assert {
        "00080060",
        "0008103E",
        "0020000E",
        "00200011",
        "00201209",
        "00400244",
        "00400245",
        "00400275",
    } <= series.keys()
    assert series["00400275"]["Value"] == [{"00400009": {"vr": "SH"}, "00401001": {"vr": "SH", "Value": ["RP"]}}]
    assert "00100010" not in series
    image, report = web.json("/studies/1.2/instances")
    assert {"00080016", "00080018", "00080056", "00200013", "00280010", "00280011", "00280100"} <= image.keys()
    assert image["00280010"] == {"vr": "US", "Value": [512]}
    assert image["00081190"]["Value"] == [f"{web.url}/studies/1.2/series/1.2.1/instances/1.2.1.1"]
    assert "00280010" not in report


def test_resources_without_a_study_tell_about_it(web: Web) -> None:
    (series,) = web.json("/series", SeriesInstanceUID="1.2.1")
    assert series["00100020"]["Value"] == ["1002"]
    (instance,) = web.json("/instances", SOPInstanceUID="1.2.1.1")
    assert instance["00100020"]["Value"] == ["1002"]
    assert instance["00080060"]["Value"] == ["CT"]


@pytest.mark.parametrize("value", ["00081030", "StudyDescription", "StudyTime,StudyDescription", "all"])
def test_includefield_adds_attributes(web: Web, value: str) -> None:
    (study,) = web.json("/studies", PatientID="2001", includefield=value)
    assert study["00081030"]["Value"] == ["Thorax, nativ"]


def test_the_requests_of_ohif_are_answered(web: Web) -> None:
    asked = "limit=101&offset=0&fuzzymatching=true&includefield=00081030%2C00080060%2C00080090%2C00100030"
    headers = {"Accept": "application/dicom+json"}
    assert len(web.http.get(f"/studies?{asked}", headers=headers).json()) == 3
    assert len(web.http.get(f"/studies?{asked}&StudyInstanceUID=1.2", headers=headers).json()) == 1
    assert len(web.http.get(f"/studies?{asked}&00100020=*100*", headers=headers).json()) == 2
    included = "includefield=00080021%2C00080031%2C0008103E%2C00200011"
    assert len(web.http.get(f"/studies/1.2/series?{included}", headers=headers).json()) == 2


def test_answers_are_json_unless_xml_is_asked_for(web: Web) -> None:
    assert web.http.get("/studies").headers["content-type"] == "application/dicom+json"
    assert web.http.get("/studies", headers={"Accept": "application/json"}).status_code == 200
    refused = web.http.get("/studies", headers={"Accept": "text/html"})
    assert refused.status_code == 406
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_limit_that_is_too_high_is_clamped(web: Web) -> None:
    assert len(web.json("/studies", limit="1000000000000")) == 3
