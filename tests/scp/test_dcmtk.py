"""DCMTK's command line tools against the listener."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from archive import retrieve
from tests.scp.running import Node
from tests.scp.samples import ct_image, write_file

SHARED = Path(__file__).parents[3] / "shared" / "data"


def run(program: str, node: Node, *arguments: str, calling: str = "MODALITY1") -> subprocess.CompletedProcess[str]:
    address = ["-aet", calling, "-aec", "ISOCENTER", "127.0.0.1", str(node.port)]
    return subprocess.run([program, "-v", *address, *arguments], text=True, capture_output=True, check=False)


# What makes storescu propose the transfer syntax a file is in.
PROPOSE = {
    "1.2.840.10008.1.2": "-xi",
    "1.2.840.10008.1.2.1": "-xe",
    "1.2.840.10008.1.2.2": "-xb",
    "1.2.840.10008.1.2.1.99": "-xd",
    "1.2.840.10008.1.2.4.50": "-xy",
    "1.2.840.10008.1.2.4.51": "-xx",
    "1.2.840.10008.1.2.4.70": "-xs",
    "1.2.840.10008.1.2.4.80": "-xt",
    "1.2.840.10008.1.2.4.81": "-xu",
    "1.2.840.10008.1.2.4.90": "-xv",
    "1.2.840.10008.1.2.4.91": "-xw",
    "1.2.840.10008.1.2.5": "-xr",
}


def storescu(node: Node, file: Path, syntax: str = "1.2.840.10008.1.2.1") -> subprocess.CompletedProcess[str]:
    return run("storescu", node, "-R", PROPOSE[syntax], str(file))


def test_echoscu_gets_an_answer(node: Node) -> None:
    assert run("echoscu", node).returncode == 0


def test_echoscu_is_told_why_it_is_rejected(node: Node) -> None:
    refused = run("echoscu", node, calling="STRANGER")
    assert refused.returncode != 0
    assert "Calling AE Title Not Recognized" in refused.stderr + refused.stdout


def test_echoscu_with_many_contexts_is_answered(node: Node) -> None:
    assert run("echoscu", node, "--propose-pc", "128", "--propose-ts", "30").returncode == 0


def test_storescu_and_findscu_agree(node: Node, tmp_path: Path) -> None:
    image = ct_image()
    assert storescu(node, write_file(image, tmp_path / "a.dcm")).returncode == 0
    out = tmp_path / "responses"
    out.mkdir()
    keys = ["QueryRetrieveLevel=STUDY", "PatientName=M*", "StudyInstanceUID", "PatientID=P1"]
    arguments = [part for key in keys for part in ("-k", key)]
    assert run("findscu", node, "-S", "-X", "-od", str(out), *arguments).returncode == 0
    (response,) = out.iterdir()
    assert dcmread(response).StudyInstanceUID == image.StudyInstanceUID


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here")
@pytest.mark.parametrize("folder", ["transfer_syntaxes", "charsets", "mr_misc", "us_multiframe", "sr"])
def test_real_files_are_kept_in_their_transfer_syntax(node: Node, folder: str) -> None:
    # One object in several transfer syntaxes is the same SOP instance with other bytes, which is refused.
    files = {uid: (path, syntax) for path in sorted((SHARED / folder).rglob("*")) for uid, syntax in _what(path)}
    assert files
    for uid, (file, syntax) in files.items():
        result = storescu(node, file, syntax)
        if "missing SOP class" in result.stderr:
            continue  # a broken file that storescu itself cannot read
        assert result.returncode == 0, f"{file.name}: {result.stdout}{result.stderr}"
        (kept,) = node.database.read(retrieve.instances, "default", sop_uids=[uid])
        assert kept.transfer_syntax_uid == syntax


def _what(path: Path) -> Iterator[tuple[str, str]]:
    """SOP Instance UID and transfer syntax of a file, if storescu can send it as it is."""
    if path.is_file() and path.read_bytes()[128:132] == b"DICM":
        dataset = dcmread(path, specific_tags=["SOPInstanceUID"])
        syntax = str(dataset.file_meta.get("TransferSyntaxUID", ""))
        if syntax in PROPOSE and "SOPInstanceUID" in dataset:
            yield str(dataset.SOPInstanceUID), syntax
