"""`isocenter serve` says when it is ready, what keeps it from starting, and ends cleanly."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE

from tests.isocenter.nodes import ServedNode
from tests.waiting import free_port, wait_until

VERIFICATION = "1.2.840.10008.1.1"
Serve = Callable[..., ServedNode]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    nodes: list[ServedNode] = []

    def start(configuration: str = "", **options: Any) -> ServedNode:
        nodes.append(ServedNode(tmp_path / f"node{len(nodes)}", configuration, **options).start())
        return nodes[-1]

    yield start
    for node in nodes:
        node.kill()


def refusal(node: ServedNode) -> str:
    """Return the one line of a node that must not start."""
    code, log = node.end()
    assert code == 2, log
    lines = [line for line in log.splitlines() if not line.startswith("{")]
    assert len(lines) == 1, log
    return lines[0].removeprefix("isocenter: ")


def test_a_node_serves_until_sigterm_and_leaves_nothing_behind(serve: Serve) -> None:
    node = serve()
    line = node.wait()
    assert line == f"ready ISOCENTER dicom {node.dicom_port} web http://127.0.0.1:{node.web_port}"
    assert node.status("/readyz") == 200
    children = node.children()
    assert len(children) == 3
    assert node.stop() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
    assert "Traceback" not in node.log
    assert "one-time password" not in node.output


def test_a_first_start_without_a_password_prints_one_once(serve: Serve) -> None:
    first = serve(command="web", environment={"ISOCENTER_SECURITY__ADMIN_PASSWORD": ""})
    first.wait()
    assert first.stop() == 0
    assert first.output.splitlines()[0].startswith("first start: user admin, one-time password ")
    first.start().wait()
    assert first.stop() == 0
    assert "one-time password" not in first.output


@pytest.mark.parametrize("key", ["dicom", "web"])
def test_a_port_that_is_taken_is_told(serve: Serve, key: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        node = serve(environment={f"ISOCENTER_{key.upper()}__PORT": str(port)})
        text = refusal(node)
    assert text.startswith(f"{key}.port: cannot listen on 127.0.0.1:{port}")
    assert text.endswith("address already in use")


def test_an_unknown_key_is_told_with_its_place(serve: Serve) -> None:
    node = serve("[dicom]\nae_titel = 'X'")
    assert refusal(node) == f"{node.file}: dicom.ae_titel: unknown key, did you mean ae_title?"


def test_an_unreachable_database_is_told(serve: Serve) -> None:
    node = serve(environment={"ISOCENTER_DATABASE__URL": f"postgresql://127.0.0.1:{free_port()}/none"})
    text = refusal(node)
    assert text.startswith("database.url: the database cannot be opened: ")
    assert "refused" in text.lower()


def test_a_storage_that_cannot_be_written_is_told(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    node = serve(environment={"ISOCENTER_STORAGE__URL": f"file://{tmp_path}/file/blobs"})
    assert refusal(node).startswith(f"storage.url: {tmp_path}/file/blobs cannot be written: ")


@pytest.mark.parametrize(
    ("configuration", "key"),
    [
        ('[storage]\nurl = "s3://bucket"', "storage.url"),
        ('[queue]\nurl = "amqp://broker"', "queue.url"),
        ('[security.oidc]\nissuer = "https://id"', "security.oidc"),
    ],
)
def test_what_this_version_does_not_do_is_refused_not_ignored(serve: Serve, configuration: str, key: str) -> None:
    assert refusal(serve(configuration)).startswith(f"{key}: not supported by this version")


def test_an_analyzer_that_is_not_installed_is_told(serve: Serve) -> None:
    node = serve('[[analyzer]]\nname = "nobody"')
    code, log = node.end()
    assert code == 2
    assert "no analyzer is called nobody" in log


def test_declared_aes_and_routes_are_there_after_the_start(serve: Serve) -> None:
    node = serve(
        '[[ae]]\nae_title = "PACS1"\nhost = "127.0.0.1"\nport = 104\n[[route]]\nname = "all"\nto = "PACS1"',
        command="web",
    )
    assert node.wait() == f"ready ISOCENTER web http://127.0.0.1:{node.web_port}"
    wait_until(lambda: node.status("/healthz") == 200, what="an answer")
    assert node.stop() == 0


def test_a_log_that_cannot_be_written_keeps_nobody_from_calling(tmp_path: Path) -> None:
    node = ServedNode(tmp_path / "node", '[dicom]\nunknown_callers = "store"')
    node.start(stderr="/dev/full")
    try:
        node.wait()
        assert _echo(node.dicom_port) == 0x0000
        assert node.status("/readyz") == 200
        assert node.stop() == 0
    finally:
        node.kill()


def test_a_node_goes_on_when_nobody_reads_its_output(tmp_path: Path) -> None:
    node = ServedNode(tmp_path / "node")
    reader, writer = os.pipe()
    os.close(reader)
    node.start(stdout=writer)
    assert node.process
    output = Path(f"/proc/{node.process.pid}/fd/1")
    try:
        wait_until(lambda: str(output.readlink()) == os.devnull, seconds=60, what="the ready line that nobody reads")
        assert node.status("/readyz") == 200
        assert node.stop() == 0
    finally:
        node.kill()


def test_a_node_that_is_told_to_end_while_it_starts_ends_in_order(serve: Serve) -> None:
    node = serve()
    wait_until((node.folder / "data").exists, seconds=60, what="the beginning of the start")
    assert node.stop() == 0
    assert "Traceback" not in node.log


def _echo(port: int) -> int:
    requestor = AE(ae_title="CT1")
    requestor.add_requested_context(VERIFICATION)
    association = requestor.associate("127.0.0.1", port, ae_title="ISOCENTER")
    assert association.is_established
    status = association.send_c_echo()
    association.release()
    return int(status.Status)
