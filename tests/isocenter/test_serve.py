"""`isocenter serve` says when it is ready, what keeps it from starting, and ends cleanly."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.isocenter.nodes import ServedNode
from tests.waiting import free_port, wait_until

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
