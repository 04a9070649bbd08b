"""QIDO-RS by the rules of PS3.18: a case each, which names its section."""

import json
from email import message_from_bytes
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element, fromstring

import pytest

from archive.query import Level, Match
from dicomweb.qido_json import MatchWriter
from tests.archive.index_rows import EXPLICIT_LITTLE_ENDIAN, add_instance
from tests.dicomweb.conftest import Web

NAMESPACE = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"
STUDIES: list[dict[str, Any]] = [
    {
        "patient_id": "P1",
        "patient_name": "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "study_date": "20240101",
        "study_time": "2330",
        "timezone_offset_from_utc": "+0900",
        "accession_number": "A1",
        "study_id": "S1",
        "referring_physician_name": "Ref^One",
    },
    {
        "patient_id": "P2",
        "patient_name": "Müller^Jörg",
        "study_date": "20240102",
        "study_time": "0800",
        "accession_number": "A2",
        "study_id": "S2",
        "referring_physician_name": "Ref^Two",
        "study_description": "Knee, left",
    },
    {"patient_id": "P3", "patient_name": "Иванов^Иван", "study_date": "20240103", "study_time": "1015"},
    {"patient_id": "P3", "patient_name": "Иванов^Иван", "study_date": "20240104", "study_time": ""},
]
MODALITIES = [["CT", "SR"], ["MR"], ["US"], ["CT"]]


def fill(connection: Any) -> None:
    for number, (about, modalities) in enumerate(zip(STUDIES, MODALITIES, strict=True), start=1):
        for series, modality in enumerate(modalities, start=1):
            for instance in (1, 2, 3):
                add_instance(
                    connection,
                    uids=(f"1.{number}", f"1.{number}.{series}", f"1.{number}.{series}.{instance}"),
                    of_study=about,
                    of_series={
                        "modality": modality,
                        "series_number": str(series),
                        "performed_procedure_step_start_date": about["study_date"],
                        "performed_procedure_step_start_time": about["study_time"],
                        "scheduled_procedure_step_id": f"SPS{number}",
                        "requested_procedure_id": f"RP{number}",
                    },
                    instance_number=str(instance),
                    rows=64,
                    columns=32,
                    bits_allocated=16,
                    # Rejected results are in no answer and in no number.
                    hidden=instance == 3,
                )


@pytest.fixture(scope="module")
def web(shared_web: Web) -> Web:
    shared_web.database.write(fill)
    return shared_web


UNIQUE = {"studies": "0020000D", "series": "0020000E", "instances": "00080018"}


def asked(web: Web, path: str) -> Any:
    answer = web.http.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def found(web: Web, path: str) -> list[str]:
    tag = UNIQUE[path.partition("?")[0].rsplit("/", 1)[-1]]
    return [item[tag]["Value"][0] for item in asked(web, path)]


@pytest.mark.parametrize(
    ("section", "path", "expected"),
    [
        # Every resource of Table 10.6.1-2.
        ("10.6.1.1 all studies", "/studies", ["1.4", "1.3", "1.2", "1.1"]),
        ("10.6.1.1 study's series", "/studies/1.1/series", ["1.1.1", "1.1.2"]),
        ("10.6.1.1 study's instances", "/studies/1.1/instances", ["1.1.1.1", "1.1.1.2", "1.1.2.1", "1.1.2.2"]),
        ("10.6.1.1 all series", "/series", ["1.1.1", "1.1.2", "1.2.1", "1.3.1", "1.4.1"]),
        ("10.6.1.1 series' instances", "/studies/1.1/series/1.1.2/instances", ["1.1.2.1", "1.1.2.2"]),
        ("10.6.1.1 all instances", "/instances?InstanceNumber=2&Modality=MR", ["1.2.1.2"]),
        # Every attribute of Table 10.6.1-5.
        ("10.6.1.2.3 Study Date", "/studies?StudyDate=20240102", ["1.2"]),
        ("10.6.1.2.3 Study Time", "/studies?StudyTime=0800", ["1.2"]),
        ("10.6.1.2.3 Accession Number", "/studies?AccessionNumber=A2", ["1.2"]),
        ("10.6.1.2.3 Modalities in Study", "/studies?ModalitiesInStudy=SR", ["1.1"]),
        ("10.6.1.2.3 Referring Physician Name", "/studies?ReferringPhysicianName=Ref%5ETwo", ["1.2"]),
        ("10.6.1.2.3 Patient Name", "/studies?PatientName=m%C3%BCller*", ["1.2"]),
        ("10.6.1.2.3 Patient ID", "/studies?PatientID=P2", ["1.2"]),
        ("10.6.1.2.3 Study Instance UID", "/studies?StudyInstanceUID=1.2", ["1.2"]),
        ("10.6.1.2.3 Study ID", "/studies?StudyID=S2", ["1.2"]),
        ("10.6.1.2.3 Modality", "/studies/1.1/series?Modality=SR", ["1.1.2"]),
        ("10.6.1.2.3 Series Instance UID", "/series?SeriesInstanceUID=1.1.2", ["1.1.2"]),
        ("10.6.1.2.3 Series Number", "/series?SeriesNumber=2", ["1.1.2"]),
        ("10.6.1.2.3 Step Start Date", "/series?PerformedProcedureStepStartDate=20240102", ["1.2.1"]),
        ("10.6.1.2.3 Step Start Time", "/series?PerformedProcedureStepStartTime=0700-0900", ["1.2.1"]),
        ("10.6.1.2.3 Scheduled Step ID", "/series?00400275.00400009=SPS2", ["1.2.1"]),
        (
            "10.6.1.2.3 Requested Procedure ID",
            "/series?RequestAttributesSequence.RequestedProcedureID=RP1&SeriesNumber=1",
            ["1.1.1"],
        ),
        (
            "10.6.1.2.3 SOP Class UID",
            "/studies/1.2/instances?SOPClassUID=1.2.840.10008.5.1.4.1.1.2",
            ["1.2.1.1", "1.2.1.2"],
        ),
        ("10.6.1.2.3 SOP Instance UID", "/instances?SOPInstanceUID=1.3.1.1", ["1.3.1.1"]),
        ("10.6.1.2.3 Instance Number", "/studies/1.1/instances?InstanceNumber=1", ["1.1.1.1", "1.1.2.1"]),
        ("10.6.1.2.3 keys of the levels above", "/instances?PatientID=P2&Modality=MR&InstanceNumber=1", ["1.2.1.1"]),
        # How an attribute is named.
        ("8.3.4.1 by tag", "/studies?00100020=P2", ["1.2"]),
        ("8.3.4.1 small hexadecimal digits", "/studies?0020000d=1.2", ["1.2"]),
        ("8.3.4.1 a path by tag", "/series?00400275.00401001=RP2", ["1.2.1"]),
        ("8.3.4.1 a path by tag and keyword", "/series?00400275.RequestedProcedureID=RP2", ["1.2.1"]),
        ("8.3.4.1 UIDs by comma", "/studies?StudyInstanceUID=1.1,1.3", ["1.3", "1.1"]),
        ("8.3.4.1 UIDs by comma, encoded", "/studies?StudyInstanceUID=1.1%2C1.3", ["1.3", "1.1"]),
        ("8.3.4.1 UIDs by backslash", "/studies?StudyInstanceUID=1.1%5C1.3", ["1.3", "1.1"]),
        ("8.3.4.1 no value is universal", "/studies?PatientID=", ["1.4", "1.3", "1.2", "1.1"]),
        ("8.3.4.1 several modalities", "/studies?ModalitiesInStudy=MR,US", ["1.3", "1.2"]),
        ("8.3.4.1 a comma in a text is one", f"/studies?StudyDescription={quote('Knee, left')}", ["1.2"]),
        # What matches: as in C-FIND.
        ("8.3.4.1.1 wildcard *", "/studies?PatientID=*2", ["1.2"]),
        ("8.3.4.1.1 wildcard ?", "/studies?AccessionNumber=A%3F", ["1.2", "1.1"]),
        ("8.3.4.1.1 from a date", "/studies?StudyDate=20240103-", ["1.4", "1.3"]),
        ("8.3.4.1.1 up to a date", "/studies?StudyDate=-20240102", ["1.2", "1.1"]),
        ("8.3.4.1.1 names in any case", "/studies?PatientName=YAMADA%5Etarou", ["1.1"]),
        ("8.3.4.1.1 the ideographic group", f"/studies?PatientName={quote('山田*')}", ["1.1"]),
        ("8.3.4.1.1 the phonetic group", f"/studies?PatientName={quote('やまだ^たろう')}", ["1.1"]),
        ("8.3.4.1.1 another script", f"/studies?PatientName={quote('Иван*')}", ["1.4", "1.3"]),
        (
            "8.3.4.1.1 date and time are one moment",
            "/studies?StudyDate=20240101-20240102&StudyTime=2000-0900",
            ["1.2", "1.1"],
        ),
        ("8.3.4.1.1 in the client's time zone", "/studies?StudyTime=1430&TimezoneOffsetFromUTC=%2B0000", ["1.1"]),
        ("8.3.4.1.1 a plus sign as it is", "/studies?StudyTime=1530&00080201=+0100", ["1.1"]),
        ("8.3.4.2 fuzzy", "/studies?PatientName=tarou%20yama&fuzzymatching=true", ["1.1"]),
        ("8.3.4.2 not fuzzy", "/studies?PatientName=tarou%20yama&fuzzymatching=false", []),
        # Pages.
        ("8.3.4.4 limit", "/studies?limit=2", ["1.4", "1.3"]),
        ("8.3.4.4 offset", "/studies?offset=3", ["1.1"]),
        ("8.3.4.4 both", "/studies?limit=2&offset=1", ["1.3", "1.2"]),
    ],
)
def test_matches(web: Web, section: str, path: str, expected: list[str]) -> None:
    assert found(web, path) == expected, section


REQUIRED = {
    # Table 10.6.3-3
    "/studies": """00080020 00080030 00080050 00080056 00080061 00080090 00080201 00081190 00100010 00100020 00100030
        00100040 0020000D 00200010 00201206 00201208""",
    # Table 10.6.3-4
    "/studies/1.1/series": "00080060 00080201 0008103E 00081190 0020000E 00200011 00201209 00400244 00400245 00400275",
    # Table 10.6.3-5
    "/studies/1.1/series/1.1.1/instances": """00080016 00080018 00080056 00080201 00081190 00200013 00280010 00280011
        00280100""",
}
REQUIRED["/series"] = f"{REQUIRED['/studies']} {REQUIRED['/studies/1.1/series']}"
REQUIRED["/studies/1.1/instances"] = (
    f"{REQUIRED['/studies/1.1/series']} {REQUIRED['/studies/1.1/series/1.1.1/instances']}"
)
REQUIRED["/instances"] = f"{REQUIRED['/studies']} {REQUIRED['/studies/1.1/instances']}"


@pytest.mark.parametrize("path", REQUIRED)
def test_required_attributes_are_in_the_answer(web: Web, path: str) -> None:
    """Sections 10.6.3.3.1 to 10.6.3.3.3."""
    for match in asked(web, path):
        assert set(REQUIRED[path].split()) <= match.keys()


@pytest.mark.parametrize(
    ("section", "path", "tag", "value"),
    [
        ("10.6.3.3.1 number of series", "/studies?PatientID=P1", "00201206", 2),
        ("10.6.3.3.1 number of instances", "/studies?PatientID=P1", "00201208", 4),
        ("10.6.3.3.1 numbers are of the study, not of the filter", "/studies?Modality=SR", "00201208", 4),
        ("10.6.3.3.1 series too", "/studies?SOPInstanceUID=1.1.2.1", "00201206", 2),
        ("10.6.3.3.2 number of instances", "/studies/1.1/series?Modality=SR", "00201209", 2),
        ("10.6.3.3.2 whatever instance is asked for", "/series?SOPInstanceUID=1.1.2.1", "00201209", 2),
        ("10.6.3.3.1 Retrieve URL", "/studies?PatientID=P1", "00081190", "/studies/1.1"),
        ("10.6.3.3.2 Retrieve URL", "/series?SeriesInstanceUID=1.2.1", "00081190", "/studies/1.2/series/1.2.1"),
        (
            "10.6.3.3.3 Retrieve URL",
            "/instances?SOPInstanceUID=1.2.1.1",
            "00081190",
            "/studies/1.2/series/1.2.1/instances/1.2.1.1",
        ),
        ("10.6.3.3.1 Instance Availability", "/studies?PatientID=P1", "00080056", "ONLINE"),
        ("10.6.3.3.1 Timezone Offset", "/studies?PatientID=P1", "00080201", "+0900"),
        ("10.6.3.3.3 transfer syntax", "/instances?SOPInstanceUID=1.2.1.1", "00083002", EXPLICIT_LITTLE_ENDIAN),
        ("F.2.2 groups of a name", "/studies?PatientID=P1", "00100010", {
            "Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう",
        }),
        ("8.3.4.3 by tag", "/studies?PatientID=P2&includefield=00081030", "00081030", "Knee, left"),
        ("8.3.4.3 by keyword", "/series?PatientID=P2&includefield=StudyDescription", "00081030", "Knee, left"),
        ("8.3.4.3 a list", "/studies?PatientID=P2&includefield=00080020,StudyDescription", "00081030", "Knee, left"),
        (
            "8.3.4.3 repeated", "/studies?PatientID=P2&includefield=00081030&includefield=00080020", "00081030",
            "Knee, left",
        ),
        ("8.3.4.3 all", "/studies?PatientID=P2&includefield=all", "00081030", "Knee, left"),
        ("8.3.4.3 all of an instance", "/studies/1.1/instances?InstanceNumber=1&includefield=all", "00100020", "P1"),
        ("10.6.3.3.1 what was matched", "/studies?StudyDescription=Knee*", "00081030", "Knee, left"),
    ],
)  # fmt: skip
def test_values(web: Web, section: str, path: str, tag: str, value: object) -> None:
    expected = f"{web.url}{value}" if tag == "00081190" else value
    match, *_ = asked(web, path)
    assert match[tag]["Value"][0] == expected, section


def test_a_path_in_includefield_gives_its_sequence(web: Web) -> None:
    """Section 8.3.4.3."""
    (match,) = asked(web, "/instances?SOPInstanceUID=1.1.1.1&includefield=00400275.00401001")
    assert match["00400275"]["Value"][0]["00401001"] == {"vr": "SH", "Value": ["RP1"]}


@pytest.mark.parametrize("name", ["00400275.00400008.00080100", "RequestAttributesSequence.00400008.CodeValue"])
def test_includefield_takes_paths_of_any_depth(web: Web, name: str) -> None:
    """Section 8.3.4.1: attribute-id *("." attribute-id); what is not here is left out."""
    assert found(web, f"/studies?PatientID=P1&includefield={name}") == ["1.1"]


@pytest.mark.parametrize(
    ("path", "absent"),
    [("/studies?includefield=Modality", "00080060"), ("/studies/1.1/series?includefield=SOPInstanceUID", "00080018")],
)
def test_attributes_of_lower_levels_are_not_returned(web: Web, path: str, absent: str) -> None:
    """Sections 10.6.3.3.1 and 10.6.3.3.2."""
    assert all(absent not in match for match in asked(web, path))


@pytest.mark.parametrize(
    ("path", "rest"),
    [("/studies?limit=1", 3), ("/studies?limit=2&offset=1", 1), ("/studies?limit=4", 0), ("/studies?limit=0", 4)],
)
def test_a_warning_says_how_many_more_there_are(web: Web, path: str, rest: int) -> None:
    """Section 8.3.4.4.1."""
    expected = f"299 {web.url}: There are {rest} additional results that can be requested" if rest else None
    assert web.http.get(path).headers.get("warning") == expected


@pytest.mark.parametrize(
    ("section", "name", "title"),
    [
        ("8.3.4.5", "emptyvaluematching", "Empty Value Matching"),
        ("8.3.4.6", "multiplevaluematching", "Multiple Value Matching"),
    ],
)
def test_a_warning_says_which_matching_was_not_performed(web: Web, section: str, name: str, title: str) -> None:
    expected = f"299 {web.url}: The {name} parameter is not supported. {title} has not been performed."
    more = f"299 {web.url}: There are 3 additional results that can be requested"
    assert web.http.get(f"/studies?{name}=true").headers["warning"] == expected, section
    assert web.http.get(f"/studies?{name}=true&limit=1").headers["warning"] == f"{expected}, {more}", section
    assert "warning" not in web.http.get(f"/studies?{name}=false").headers, section


def test_pages_have_one_order_and_miss_nothing(web: Web) -> None:
    """Section 8.3.4.4.1: searches are idempotent."""
    pages = [found(web, f"/instances?limit=3&offset={offset}") for offset in range(0, 12, 3)]
    assert [uid for page in pages for uid in page] == found(web, "/instances")


@pytest.mark.parametrize("accept", ["application/dicom+json", 'multipart/related; type="application/dicom+xml"'])
@pytest.mark.parametrize("path", ["/studies?PatientID=nobody", "/studies/9.9/series", "/studies?offset=9"])
def test_no_matches_are_no_content_for_clients_that_name_a_dicom_media_type(web: Web, accept: str, path: str) -> None:
    """Section 8.3.4.4.1."""
    answer = web.http.get(path, headers={"Accept": accept})
    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html, application/json;q=0.9"])
def test_others_get_an_empty_array(web: Web, accept: str) -> None:
    answer = web.http.get("/studies?PatientID=nobody", headers={"Accept": accept})
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize(
    ("section", "path", "named"),
    [
        ("8.3.4.1 no such attribute", "/studies?PatientIdentity=1", "PatientIdentity"),
        ("8.3.1 keywords are case sensitive", "/studies?patientid=1", "patientid"),
        ("8.3.4.1 not supported", "/studies?00104000.00100020=1", "00104000.00100020"),
        ("8.3.4.1 a private attribute", "/studies?00091001=1", "00091001"),
        ("8.3.4.1 deeper than anything here", "/studies?00101002.00100024.00400032=1", "00101002.00100024.00400032"),
        ("8.3.4.2 fuzzymatching", "/studies?fuzzymatching=1", "fuzzymatching"),
        ("8.3.4.5 emptyvaluematching", "/studies?emptyvaluematching=perhaps", "emptyvaluematching"),
        ("8.3.4.6 multiplevaluematching", "/studies?multiplevaluematching=2", "multiplevaluematching"),
        ("8.3.4.4 limit", "/studies?limit=some", "limit"),
        ("8.3.4.4 offset", "/studies?offset=-1", "offset"),
        ("8.3.3.2 charset", "/studies?charset=latin1", "charset"),
        ("8.3.4.1.1 time zone", "/studies?TimezoneOffsetFromUTC=CET", "TimezoneOffsetFromUTC"),
        ("8.3.4.1.1 not a date", "/studies?StudyDate=2024", "StudyDate"),
        ("8.3.4.1.1 a time that ends before it begins", "/studies?StudyTime=1000-0900", "StudyTime"),
        ("8.3.4.1.1 no wildcards in UIDs", "/studies?StudyInstanceUID=1.*", "StudyInstanceUID"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named(web: Web, section: str, path: str, named: str) -> None:
    answer = web.http.get(path)
    assert answer.status_code == 400, section
    assert named in answer.json()["detail"]


def parts(answer: Any) -> list[Element]:
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    found = message_from_bytes(head + answer.content)
    assert found.get_content_type() == "multipart/related"
    assert found.get_param("type") == "application/dicom+xml"
    contents = [part for part in found.walk() if not part.is_multipart()]
    assert all(part.get_content_type() == "application/dicom+xml" for part in contents)
    payloads = [part.get_payload(decode=True) for part in contents]
    return [fromstring(payload) for payload in payloads if isinstance(payload, bytes)]  # noqa: S314 - our own output


@pytest.mark.parametrize(
    "accept",
    [
        'multipart/related; type="application/dicom+xml"',
        "multipart/related; type=application/dicom+xml",
        'application/dicom+json; q=0.5, multipart/related; type="application/dicom+xml"',
    ],
)
def test_xml_is_a_part_for_each_match(web: Web, accept: str) -> None:
    """Section 10.6.4 and Table 8.7.3-1."""
    answer = web.http.get("/studies?limit=2", headers={"Accept": accept})
    documents = parts(answer)
    assert answer.headers["warning"].startswith("299 ")
    names = [document.findtext(f".//{NAMESPACE}FamilyName") for document in documents]
    assert names == ["Иванов", "Иванов"]


def test_xml_says_what_json_says(web: Web) -> None:
    """Section 8.7.3.2: both are of one model."""
    path = "/studies/1.1/series"
    documents = parts(web.http.get(path, headers={"Accept": 'multipart/related; type="application/dicom+xml"'}))
    matches = asked(web, path)
    for document, match in zip(documents, matches, strict=True):
        assert [one.get("tag") for one in document] == list(match)
        texts = {one.text for one in document.iterfind(f".//{NAMESPACE}Value")}
        plain = [element.get("Value", []) for element in match.values() if element["vr"] != "SQ"]
        assert {str(value) for values in plain for value in values} <= texts


@pytest.mark.parametrize("accept", ["image/jpeg", "application/dicom", 'multipart/related; type="image/png"'])
def test_other_forms_are_not_acceptable(web: Web, accept: str) -> None:
    """Section 8.7.5."""
    assert web.http.get("/studies", headers={"Accept": accept}).status_code == 406


def test_the_query_parameter_accept_counts_before_the_header(web: Web) -> None:
    """Section 8.3.3.1."""
    path = "/studies?limit=1&accept=" + quote('multipart/related; type="application/dicom+xml"')
    answer = web.http.get(path, headers={"Accept": "application/dicom+json"})
    assert answer.headers["content-type"].startswith("multipart/related")


@pytest.mark.parametrize("accept", ["application/dicom+json", "multipart/related;type=application/dicom+xml"])
def test_a_plus_sign_in_the_query_parameter_accept_is_one(web: Web, accept: str) -> None:
    """Section 8.3.3.1: as people write it, without percent-encoding."""
    answer = web.http.get(f"/studies?limit=1&accept={accept}", headers={"Accept": "text/html"})
    assert answer.status_code == 200


def test_json_is_utf8(web: Web) -> None:
    """Section F.2.1."""
    answer = web.http.get("/studies?PatientID=P2", headers={"Accept-Charset": "utf-8"})
    (match,) = json.loads(answer.content.decode("utf-8"))
    assert match["00080005"]["Value"] == ["ISO_IR 192"]
    assert match["00100010"]["Value"] == [{"Alphabetic": "Müller^Jörg"}]


def test_a_name_that_says_nothing_is_no_value() -> None:
    """Section F.2.5: clients look for the groups of whatever stands among the values."""
    empty = Match(position=0, values={0x00100010: ("^^^^",)})
    (written,) = json.loads(MatchWriter(Level.STUDY, "http://node").array([empty]))
    assert written["00100010"] == {"vr": "PN"}
