"""Rules decide who gets an object, and never send it back to where it came from."""

from dataclasses import dataclass
from typing import Any

import pytest

from routing.rules import Rule, Subject, destinations


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePeer:
    name: str
    ae_title: str
    results: bool | None = None


CT = RemotePeer(name="ct-room-1", ae_title="CT1")
PACS = RemotePeer(name="PACS1", ae_title="PACS1", results=True)
SILENT = RemotePeer(name="QUIET", ae_title="QUIET", results=False)
PEERS = [CT, PACS, SILENT]
IMAGE = Subject(kind="images", sender="CT1", modality="CT", body_part="CHEST", station="SCANNER7")
RESULT = Subject(kind="results", sender="CT1", modality="SR", body_part="CHEST")


def rule(**values: Any) -> Rule:
    return Rule.parse("rule", {"to": ["PACS1"], **values})


def to(subject: Subject, *rules: Rule, return_to_sender: bool = True) -> dict[str, str]:
    return destinations(subject, rules, PEERS, return_to_sender=return_to_sender)


def test_a_result_goes_to_those_that_take_all_and_back_to_the_sender() -> None:
    assert to(RESULT) == {"ct-room-1": "return", "PACS1": "results"}


def test_nothing_returns_to_the_sender_when_that_is_off() -> None:
    assert to(RESULT, return_to_sender=False) == {"PACS1": "results"}


def test_a_result_of_uploaded_images_has_no_sender_to_return_to() -> None:
    assert to(Subject(kind="results")) == {"PACS1": "results"}


def test_an_ae_that_wants_no_results_gets_none_even_as_their_sender_or_by_a_rule() -> None:
    subject = Subject(kind="results", sender="QUIET")
    assert to(subject, rule(origin="any", to=["QUIET"])) == {"PACS1": "results"}


def test_images_go_nowhere_without_a_rule() -> None:
    assert to(IMAGE) == {}


def test_a_rule_without_conditions_sends_all_images() -> None:
    assert to(IMAGE, rule()) == {"PACS1": "rule"}


def test_a_rule_for_images_does_not_send_results() -> None:
    assert "ct-room-1" not in to(Subject(kind="results"), rule(to=["ct-room-1"]))


def test_an_image_never_goes_back_to_where_it_came_from() -> None:
    assert to(Subject(kind="images", sender="PACS1"), rule()) == {}
    assert to(IMAGE, rule(to=["ct-room-1", "PACS1"])) == {"PACS1": "rule"}


def test_a_destination_that_is_not_known_is_left_out() -> None:
    assert to(IMAGE, rule(to=["NOBODY"])) == {}


def test_the_first_cause_is_kept() -> None:
    assert to(RESULT, rule(origin="results"))["PACS1"] == "results"


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"origin": "images"}, True),
        ({"origin": "results"}, False),
        ({"origin": "any"}, True),
        ({"from": "CT1"}, True),
        ({"from": ["ct-room-1"]}, True),
        ({"from": ["MR1"]}, False),
        ({"modality": ["MR", "CT"]}, True),
        ({"modality": "MR"}, False),
        ({"body_part": "chest"}, True),
        ({"station": "SCANNER?"}, True),
        ({"station": "scan*7"}, True),
        ({"station": "SCANNER"}, False),
        ({"sop_class": "1.2.840.10008.5.1.4.1.1.2"}, False),
        ({"modality": "CT", "body_part": "HEAD"}, False),
    ],
)
def test_every_condition_of_a_rule_must_hold(conditions: dict[str, Any], expected: bool) -> None:
    assert bool(to(IMAGE, rule(**conditions))) is expected
