"""The conformance statement promises what is so: services, resources and attributes that the node really has."""

import re
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from fastapi.routing import APIRoute
from pydicom import dcmread
from pydicom._uid_dict import UID_dictionary
from pydicom.uid import ImplicitVRLittleEndian
from typer.testing import CliRunner

from config.settings import Settings
from dicomweb.router import create_router
from isocenter.cli import app
from isocenter.conformance import statement, statement_page
from isocenter.demo.phantom import write_phantom
from routing.negotiation import AssociateRequest, ContextResult, ProposedContext, UserInformation
from scp import contexts

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
STANDARD_PARTS = [
    "Conformance statement overview",
    "Implementation model",
    "Association policies",
    "Association acceptance",
    "Association initiation",
    "Network interfaces",
    "Configuration",
    "Media",
    "Character sets",
    "Security",
    "Created SOP instances",
    "Data dictionary of private attributes",
    "Coded terminology",
]


@pytest.fixture(scope="module")
def text() -> str:
    return statement(Settings())


def test_the_page_is_what_isocenter_conformance_prints(text: str) -> None:
    again = "run `isocenter conformance > docs/reference/conformance.md`, and with `--format html` for the other"
    assert (FOLDER / "conformance.md").read_text() == text, again
    assert (FOLDER / "conformance.html").read_text() == statement_page(Settings()), again


@pytest.mark.parametrize("title", STANDARD_PARTS)
def test_the_parts_of_the_template_are_there(text: str, title: str) -> None:
    assert re.search(rf"^##+ [0-9A-Z.]+ {title}$", text, re.MULTILINE)


def test_every_sop_class_that_is_accepted_is_named(text: str) -> None:
    classes = [uid for uid, (_, kind, *_rest) in UID_dictionary.items() if kind.endswith("SOP Class")]
    accepted = [uid for uid in classes if is_accepted(uid)]
    assert len(accepted) > 150
    assert [uid for uid in accepted if f"| {uid} |" not in text] == []


def is_accepted(abstract_syntax: str) -> bool:
    proposed = ProposedContext(
        context_id=1, abstract_syntax=abstract_syntax, transfer_syntaxes=(str(ImplicitVRLittleEndian),)
    )
    request = AssociateRequest(
        called_ae_title=b"A".ljust(16),
        calling_ae_title=b"B".ljust(16),
        contexts=(proposed,),
        user=UserInformation(max_pdu=16384),
    )
    [answer] = contexts.answer(request, max_pdu=16384).contexts
    return answer.result is ContextResult.ACCEPTED


def test_every_resource_of_dicomweb_is_named(text: str) -> None:
    router = create_router(MagicMock(return_value=lambda: None), services=MagicMock())
    routes = [route.path for route in router.routes if isinstance(route, APIRoute)]
    paths = {re.sub(r"_uid\}|:path\}", "}", path.removeprefix("/dicom-web")) for path in routes}
    paths = {path.replace("{sop}", "{instance}") or "/" for path in paths}
    assert len(paths) > 20
    assert sorted(path for path in paths if f"`{path}`" not in text) == []


def test_every_attribute_of_results_is_named(text: str, tmp_path: Path) -> None:
    write_phantom(tmp_path / "study", slices=6, size=64)
    options = ["--analyzer", "mock-ct-chest", "--option", "delay_seconds=[0, 0]", "-o", str(tmp_path / "out")]
    assert CliRunner().invoke(app, ["analyze", str(tmp_path / "study"), *options]).exit_code == 0
    results = [dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    assert {result.Modality for result in results} == {"SR", "SEG"}
    keywords = {element.keyword for result in results for element in result}
    assert sorted(keyword for keyword in keywords if not re.search(rf"\b{keyword} \(", text)) == []
    assert not any(element.tag.is_private for result in results for element in result.iterall())


def test_hostile_values_of_the_configuration_are_text_on_the_page() -> None:
    peer = {"ae_title": "<b>|`&", "host": "<script>", "port": 104}
    settings = Settings.model_validate({"ae": [peer]})
    page = statement_page(settings)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    rows = [line for line in statement(settings).splitlines() if "<script>" in line]
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 6
