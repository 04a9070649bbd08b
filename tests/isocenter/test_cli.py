"""The commands, on a node's database and storage."""

import json
import socket
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from pydicom.uid import generate_uid

from access import remote_aes
from access.remote_aes import RemoteAE
from archive import deliveries
from archive.database import Database
from config.declared import AEDeclaration
from isocenter.demo.phantom import write_phantom
from tests.isocenter.conftest import Run
from tests.routing.peers import scp
from tests.waiting import free_port

VERIFICATION = "1.2.840.10008.1.1"


def test_every_command_explains_itself(run: Run) -> None:
    listed = run("--help").output
    for command in ("serve", "dicom", "web", "worker", "db", "ae", "user", "apikey", "import", "send", "analyze"):
        assert command in listed
        assert "Usage" in run(command, "--help").output


def test_the_version_is_told(run: Run) -> None:
    assert run("--version").stdout == f"isocenter {version('isocenter')}\n"


def test_the_configuration_is_named_before_the_command_or_after_it(run: Run, folder: Path) -> None:
    other = folder / "other.toml"
    other.write_text('[dicom]\nae_title = "ELSEWHERE"\n')
    before = run("--config", str(other), "conformance").output
    assert before == run("conformance", "--config", str(other)).output
    assert "ELSEWHERE" in before
    assert "other.toml: valid" in run("--config", str(other), "config", "check").output
    assert (
        "ELSEWHERE" not in run("--config", str(other), "conformance", "--config", str(folder / "isocenter.toml")).output
    )


def test_accounts_are_made_changed_and_listed(run: Run, folder: Path) -> None:
    run("user", "add", "root", "--role", "admin", "--password-file", "-", text="correct horse\n")
    run(
        "user",
        "add",
        "anna",
        "--role",
        "clinician",
        "--name",
        "Anna Gram",
        "--password-file",
        "-",
        text="long enough\n",
    )
    (folder / "password").write_text("another one\n")
    run("user", "passwd", "anna", "--password-file", str(folder / "password"))
    listed = run("user", "list").output
    assert "anna" in listed
    assert "clinician" in listed


def test_a_password_that_is_too_short_is_refused(fail: Callable[..., str], folder: Path) -> None:
    (folder / "password").write_text("short")
    text = fail("user", "add", "anna", "--role", "admin", "--password-file", str(folder / "password"))
    assert text == "A password has at least 8 characters."


def test_an_account_that_exists_is_not_made_again(fail: Callable[..., str], run: Run, folder: Path) -> None:
    (folder / "password").write_text("long enough")
    arguments = ("user", "add", "anna", "--role", "admin", "--password-file", str(folder / "password"))
    run(*arguments)
    assert "There is a user 'anna' already." in fail(*arguments)


def test_a_key_is_printed_once_and_alone(run: Run) -> None:
    key = run("apikey", "create", "--role", "service", "--name", "router", "--days", "30").stdout
    assert key.startswith("iso_")
    assert key.count("\n") == 1
    listed = run("apikey", "list").output
    assert "router" in listed
    assert key.strip() not in listed
    run("apikey", "revoke", "1")
    assert "False" in run("apikey", "list").output


@pytest.mark.parametrize(
    "arguments",
    [
        ("user", "add", "anna", "--role", "clinician", "--tenant", "North Wing"),
        ("apikey", "create", "--role", "service", "--tenant", "-north"),
        ("import", "/etc", "--tenant", "süd"),
    ],
)
def test_a_tenant_that_no_remote_ae_could_have_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    assert "a tenant has 1 to 64 letters" in " ".join(run(*arguments, code=2).output.replace("│", " ").split())


def test_a_key_is_not_valid_beyond_the_calendar(run: Run) -> None:
    assert "--days" in run("apikey", "create", "--role", "service", "--days", "999999999", code=2).output
    assert run("apikey", "create", "--role", "service", "--days", "36500").stdout.startswith("iso_")


def test_remote_aes_are_added_listed_and_removed(run: Run) -> None:
    run("ae", "add", "PACS1", "--host", "127.0.0.1", "--port", "104", "--allow", "echo", "--results")
    listed = run("ae", "list").output
    assert "PACS1" in listed
    assert "runtime" in listed
    run("ae", "remove", "PACS1")
    assert "PACS1" not in run("ae", "list").output


def test_every_key_of_a_remote_ae_has_an_option(run: Run, sqlite_url: str) -> None:
    switches = ["--tls", "--availability", "--get-without-roles", "--no-results"]
    values = ["--allow", "find", "--allow", "get", "--source-network", "10.1.0.0/16", "--certificate", "CN=ct7"]
    values += ["--user", "ct7", "--password-hash", "$argon2id$v=19$x", "--charset", "ISO_IR 100"]
    values += ["--transfer-syntax", "1.2.840.10008.1.2.4.90", "--transfer-syntax", "1.2.840.10008.1.2.1"]
    values += ["--sr-class", "enhanced", "--commitment-report", "same", "--tenant", "radiology"]
    run("ae", "add", "CT7", "--host", "10.1.2.3", "--port", "104", "--ae-title", "SCANNER 7", *switches, *values)
    with Database(sqlite_url) as database:
        ae = database.read(remote_aes.get, "CT7")
    declared = AEDeclaration(
        name="CT7",
        ae_title="SCANNER 7",
        host="10.1.2.3",
        port=104,
        tls=True,
        tenant="radiology",
        allowed=("find", "get"),
        user="ct7",
        password_hash="$argon2id$v=19$x",
        certificate="CN=ct7",
        source_networks=("10.1.0.0/16",),
        charset="ISO_IR 100",
        transfer_syntaxes=("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.1"),
        sr_class="enhanced",
        results=False,
        commitment_report="same",
        availability=True,
        get_without_roles=True,
    )
    assert ae == RemoteAE.declared(declared)
    assert declared.model_fields_set == set(AEDeclaration.model_fields)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--ae-title", " ", "1 to 16 characters"),
        ("--ae-title", "SEVENTEEN LETTERS", "1 to 16 characters"),
        ("--ae-title", "CT\\1", "no backslash, control or non-ASCII characters"),
        ("--ae-title", "SCANNÉR", "no backslash, control or non-ASCII characters"),
        ("--charset", "UTF-8", "ISO_IR 192"),
        ("--allow", "everything", "'echo'"),
    ],
)
def test_an_odd_value_is_refused_with_the_rule(fail: Callable[..., str], option: str, value: str, words: str) -> None:
    assert words in fail("ae", "add", "CT7", "--host", "h", "--port", "104", option, value)


def test_an_impossible_remote_ae_is_refused(fail: Callable[..., str]) -> None:
    text = fail("ae", "add", "PACS1", "--host", "h", "--port", "104", "--source-network", "10.0.0.0/99")
    assert text.startswith("source_networks.0: ")


def test_echo_says_how_long_it_took(run: Run) -> None:
    with scp({VERIFICATION: ["1.2.840.10008.1.2"]}, []) as peer:
        run("ae", "add", "PACS1", "--host", peer.host, "--port", str(peer.port))
        assert "PACS1: C-ECHO succeeded in " in run("ae", "echo", "PACS1").output


def test_echo_says_why_it_failed(run: Run, fail: Callable[..., str]) -> None:
    run("ae", "add", "PACS1", "--host", "127.0.0.1", "--port", str(free_port()))
    assert fail("ae", "echo", "PACS1").startswith("PACS1: no connection: ")
    assert fail("ae", "echo", "NOBODY").endswith("No remote AE is called 'NOBODY'.")


def test_files_folders_zips_and_media_are_imported_once(run: Run, folder: Path) -> None:
    study = write_phantom(folder / "medium" / "IMAGES", slices=3, size=64)
    (folder / "medium" / "DICOMDIR").write_bytes(study.files[0].read_bytes())
    (folder / "medium" / "notes.txt").write_text("not DICOM")
    assert "3 stored, 0 were here already, 1 refused" in run("import", str(folder / "medium"), code=1).output
    with zipfile.ZipFile(folder / "study.zip", "w") as archive:
        for file in study.files:
            archive.write(file, file.name)
    assert "0 stored, 3 were here already, 0 refused" in run("import", str(folder / "study.zip")).output
    medium = str(folder / "medium" / "IMAGES")
    assert "0 stored, 3 were here already, 0 refused" in run("import", medium).output


def test_a_path_that_is_not_there_is_refused(run: Run, folder: Path) -> None:
    assert "there is no" in run("import", str(folder / "nothing"), code=2).output


def test_a_study_is_queued_for_a_remote_ae(run: Run, fail: Callable[..., str], folder: Path, sqlite_url: str) -> None:
    study = write_phantom(folder / "study", slices=3, size=64)
    run("import", str(folder / "study"))
    run("ae", "add", "PACS1", "--host", "127.0.0.1", "--port", "104")
    assert "3 objects queued for PACS1" in run("send", study.study_instance_uid, "--to", "PACS1").output
    assert "There is no such object" in fail("send", str(generate_uid()), "--to", "PACS1")
    assert "NOBODY" in fail("send", study.study_instance_uid, "--to", "NOBODY")
    with Database(sqlite_url) as database:
        assert len(database.read(deliveries.listing, "default").items) == 3


def test_the_configuration_is_checked(run: Run, fail: Callable[..., str], folder: Path) -> None:
    assert "valid" in run("config", "check").output
    file = folder / "other.toml"
    file.write_text("[dicom]\nport = 'x'\nprot = 1")
    output = run("config", "check", "--config", str(file), code=2).output
    assert "dicom.port: " in output
    assert "dicom.prot: unknown key, did you mean port?" in output
    file.write_text('[[route]]\nname = "r"\nto = "NOBODY"')
    assert "warning: route 'r' sends to 'NOBODY'" in run("config", "check", "--config", str(file)).output
    file.write_text("[dicom]\nport = 1104\n[web]\nport = 1104\n[storage]\nreserved_bytes = 9\nwarning_bytes = 9")
    output = run("config", "check", "--config", str(file)).output
    assert "warning: dicom.port and web.port are both 1104" in output
    assert "warning: storage.warning_bytes is not above storage.reserved_bytes" in output
    file.write_text('[[analyzer]]\nname = "nobody"')
    assert "no analyzer is called nobody" in fail("config", "check", "--config", str(file), code=2)
    file.write_text('[[analyzer]]\nname = "elsewhere"\nperformer = "external"')
    assert "valid" in run("config", "check", "--config", str(file)).output
    file.write_text('[storage]\nurl = "s3://x"')
    assert fail("config", "check", "--config", str(file), code=2).startswith("storage.url: not supported")


def test_the_conformance_statement_follows_the_configuration(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOCENTER_DICOM__AE_TITLE", "RADIOLOGY")
    monkeypatch.setenv("ISOCENTER_AE", json.dumps([{"ae_title": "PACS1", "host": "pacs", "port": 104}]))
    text = run("conformance").stdout
    assert "| AE title | `RADIOLOGY` |" in text
    assert "| PACS1 | `PACS1` | pacs:104 |" in text
    assert "| CT Image Storage | 1.2.840.10008.5.1.4.1.1.2 |" in text
    assert "| JPEG 2000 Image Compression (Lossless Only) | 1.2.840.10008.1.2.4.90 |" in text


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_the_conformance_statement_names_the_remote_aes_that_were_added_at_run_time(
    run: Run, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    run("db", "upgrade")
    run("ae", "add", "LATER", "--ae-title", "LATER1", "--host", "later", "--port", "104")
    run("ae", "add", "PACS1", "--host", "before", "--port", "104")
    monkeypatch.setenv("ISOCENTER_AE", json.dumps([{"ae_title": "PACS1", "host": "pacs", "port": 104}]))
    text = run("conformance", "--format", form).stdout
    assert "Remote AEs that were added at run time:" in text
    assert "later:104" in text
    assert "LATER1" in text
    # What the file says wins.
    assert "pacs:104" in text
    assert "before:104" not in text


def test_a_conformance_statement_needs_no_database_and_makes_none(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = folder / "nothing.sqlite"
    monkeypatch.setenv("ISOCENTER_DATABASE__URL", f"sqlite:///{index}")
    assert "added at run time:" not in run("conformance").output
    assert not index.exists()
    index.write_bytes(b"this is no database" * 100)
    result = run("conformance")
    assert result.stdout.startswith("# DICOM conformance statement")
    assert result.stderr.startswith("without the remote AEs that were added at run time: ")


def test_an_analyzer_runs_on_a_folder_without_a_node(run: Run, folder: Path) -> None:
    write_phantom(folder / "study", slices=6, size=64)
    options = ("--analyzer", "mock-ct-chest", "--option", "delay_seconds=[0, 0]", "-o", str(folder / "results"))
    output = run("analyze", str(folder / "study"), *options).output
    assert "complete" in output
    assert list((folder / "results").rglob("SR*.dcm"))


def test_odd_headers_are_no_noise_when_an_analyzer_runs(run: Run, folder: Path) -> None:
    for path in write_phantom(folder / "study", slices=3, size=64).files:
        image = dcmread(path)
        description = b"D" * 70
        image[0x00081030] = RawDataElement(
            Tag(0x00081030), "LO", len(description), description, 0, is_implicit_VR=False, is_little_endian=True
        )
        image.save_as(path)
    options = ("--analyzer", "mock-ct-chest", "--option", "delay_seconds=[0, 0]", "-o", str(folder / "results"))
    # Warnings are errors here.
    assert "complete" in run("analyze", str(folder / "study"), *options).output


def test_an_analyzer_without_a_node_has_the_options_of_the_configuration(
    run: Run, fail: Callable[..., str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_phantom(folder / "study", slices=4, size=64, patient_id="FAIL^1")
    monkeypatch.setenv("ISOCENTER_ANALYSIS__MOCK__DELAY_SECONDS", "[0, 0]")
    arguments = ("analyze", str(folder / "study"), "--analyzer", "mock-ct-chest", "-o", str(folder / "results"))
    assert fail(*arguments).endswith("mock-ct-chest failed")
    other = folder / "other.toml"
    other.write_text('[[analyzer]]\nname = "mock-ct-chest"\noptions = { unknown = 1 }\n')
    assert "cannot be made" in str(run(*arguments, "--config", str(other), code=1).exception)


def test_an_analyzer_that_is_not_there_is_told(fail: Callable[..., str], folder: Path) -> None:
    assert fail("analyze", str(folder), "--analyzer", "nobody").endswith("no analyzer is called nobody")


def test_health_tells_what_does_not_answer(fail: Callable[..., str], run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISOCENTER_DICOM__PORT", str(free_port()))
    monkeypatch.setenv("ISOCENTER_WEB__PORT", str(free_port()))
    assert fail("health", "dicom").startswith("dicom: no connection to port ")
    assert fail("health", "web").startswith("web: ")
    assert fail("health", "worker") == "worker: no sign of life"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setenv("ISOCENTER_DICOM__PORT", str(listening.getsockname()[1]))
        assert "dicom: ok" in run("health", "dicom").output
