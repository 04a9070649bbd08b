"""C-FIND to a remote archive, and what is said when it fails."""

import pytest

from routing.errors import NoContextAccepted, RequestRefused, Unreachable
from routing.remote_query import STUDY_ROOT_FIND, Level, RemoteQuery, UnknownKey, find, identifier_of
from tests.archive.objects import STUDY, ct_slice
from tests.routing.archives import RemoteArchive
from tests.routing.peers import CT, EXPLICIT, peer, scp
from tests.waiting import free_port


def test_matches_come_as_text_by_keyword() -> None:
    archive = RemoteArchive([ct_slice(PatientName="Müller^Jürgen", ModalitiesInStudy=["CT", "SR"])])
    with archive.running() as pacs:
        found = find(pacs, RemoteQuery(keys={"PatientName": "MÜ*", "StudyDate": "20260101-20260131"}))
    (match,) = found.matches
    assert not found.more
    assert match["PatientName"] == "Müller^Jürgen"
    assert match["StudyInstanceUID"] == STUDY
    assert match["ModalitiesInStudy"] == "CT\\SR"
    assert match["NumberOfStudyRelatedSeries"] == ""
    (asked,) = archive.asked
    assert asked.QueryRetrieveLevel == "STUDY"
    assert asked.PatientName == "MÜ*"
    assert asked.StudyDate == "20260101-20260131"
    assert "AccessionNumber" in asked


def test_a_query_is_canceled_at_its_limit() -> None:
    archive = RemoteArchive([ct_slice(number) for number in range(1, 400)])
    with archive.running() as pacs:
        found = find(pacs, RemoteQuery(level=Level.IMAGE, keys={"StudyInstanceUID": STUDY}, limit=3))
    assert [match["InstanceNumber"] for match in found.matches] == ["1", "2", "3"]
    assert found.more


def test_a_limit_that_is_just_reached_leaves_nothing_out() -> None:
    with RemoteArchive([ct_slice(1), ct_slice(2)]).running() as pacs:
        found = find(pacs, RemoteQuery(level=Level.IMAGE, limit=2))
    assert (len(found.matches), found.more) == (2, False)


def test_a_failure_status_is_said_in_words() -> None:
    with (
        RemoteArchive([], final=0xA900).running() as pacs,
        pytest.raises(RequestRefused, match="C-FIND failed: A900H the identifier does not match the SOP class"),
    ):
        find(pacs, RemoteQuery())


def test_refused_contexts_are_named() -> None:
    with scp({CT: [EXPLICIT]}, []) as pacs, pytest.raises(NoContextAccepted) as refused:
        find(pacs, RemoteQuery())
    assert "Study Root Query/Retrieve Information Model - FIND" in str(refused.value)
    assert "SOP class not supported" in str(refused.value)


def test_a_transfer_syntax_that_is_refused_is_named_so() -> None:
    jpeg = "1.2.840.10008.1.2.4.50"
    with scp({STUDY_ROOT_FIND: [jpeg]}, []) as pacs, pytest.raises(NoContextAccepted) as refused:
        find(pacs, RemoteQuery())
    assert "none of the transfer syntaxes supported" in str(refused.value)


def test_a_peer_that_is_not_there_is_said() -> None:
    with pytest.raises(Unreachable, match="Connection refused"):
        find(peer(free_port()), RemoteQuery())


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"PatientNam": "X"}, "'PatientNam' is no attribute"),
        ({"AffectedSOPClassUID": "1.2"}, "is no attribute that can be asked about"),
        ({"ReferencedStudySequence": "X"}, "has no value of text"),
        ({"InstanceNumber": "1*"}, "InstanceNumber must be a number"),
        ({"PatientID": "a\0b"}, "holds a character"),
    ],
)
def test_keys_that_cannot_be_asked_about_are_refused(keys: dict[str, str], words: str) -> None:
    with pytest.raises(UnknownKey, match=words):
        identifier_of(RemoteQuery(keys=keys))
