"""A node may write where it has to, or says at its start where it may not; and others may not read what it writes."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.isocenter.nodes import ServedNode

# Root may write everywhere: the node is then somebody else.
_NOBODY = 65534 if os.geteuid() == 0 else None


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """Make the data folder of a node, as its first start leaves it; not below pytest's, which is closed to others."""
    home = Path(tempfile.mkdtemp(prefix="isocenter-permissions-"))
    home.chmod(0o755)
    path = home / "data"
    (path / "blobs" / "spool" / "00").mkdir(parents=True)
    (path / "marks").mkdir()
    (path / "association-slots").touch()
    (path / "index.sqlite").touch()
    yield path
    shutil.rmtree(home)


def start(data_dir: Path) -> tuple[int, str]:
    if _NOBODY is not None:
        for path in (data_dir, *data_dir.rglob("*")):
            if path.stat().st_mode & 0o200:
                os.chown(path, _NOBODY, _NOBODY)
    ended = subprocess.run(
        [sys.executable, "-m", "isocenter", "serve"],
        env={
            **os.environ,
            "ISOCENTER_DATA_DIR": str(data_dir),
            "ISOCENTER_DICOM__PORT": "0",
            "ISOCENTER_WEB__PORT": "0",
        },
        cwd=data_dir.parent,
        user=_NOBODY,
        group=_NOBODY,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stderr


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("storage.url", "blobs"),
        ("storage.url", "blobs/spool/00"),
        ("database.url", "index.sqlite"),
        ("data_dir", "association-slots"),
        ("data_dir", "."),
    ],
)
def test_what_cannot_be_written_keeps_the_node_from_starting(data_dir: Path, key: str, name: str) -> None:
    path = data_dir / name
    path.chmod(0o555)
    code, log = start(data_dir)
    path.chmod(0o755)
    assert code == 2, log
    assert log.startswith(f"isocenter: {key}: {path} cannot be written: it belongs to user ")
    assert len(log.splitlines()) == 1


def test_others_may_not_read_what_the_node_writes(tmp_path: Path) -> None:
    data = tmp_path / "node" / "data"
    data.mkdir(parents=True)
    data.chmod(0o755)
    node = ServedNode(tmp_path / "node").start()
    node.wait()
    assert node.stop() == 0
    written = list(data.rglob("*"))
    assert data / "index.sqlite" in written
    assert [path for path in written if path.stat().st_mode & 0o007] == []
