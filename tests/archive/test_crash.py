"""kill -9 in the middle of ingest: all that was acknowledged is there, whole, and nothing partial is visible."""

import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

from archive import consistency
from archive.blobs import FileBlobs
from archive.database import Database
from archive.tables import instance
from tests.archive.objects import ct_slice, encode

_ROUNDS = 4
_REPOSITORY = Path(__file__).parents[2]


def ingest_until_killed(url: str, folder: Path, first: int, acknowledged: int) -> list[str]:
    """Run the process, kill it after it acknowledged some objects, and return all that it acknowledged."""
    command = [sys.executable, "-m", "tests.archive.ingesting", url, str(folder), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_REPOSITORY) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(acknowledged)]
        process.kill()
        lines += process.stdout.readlines()
    return [line.strip() for line in lines if line.endswith("\n")]


def test_what_was_acknowledged_survives_a_kill(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "blobs"
    acknowledged: list[str] = []
    for number in range(_ROUNDS):
        first = number * 10_000
        acknowledged += ingest_until_killed(database_url, folder, first, acknowledged=7 + 13 * number)
        with Database(database_url) as database, FileBlobs(folder) as blobs:
            report = consistency.recover(database, blobs)
            assert report.is_clean
    with Database(database_url) as database, FileBlobs(folder) as blobs:
        columns = (instance.c.sop_instance_uid, instance.c.instance_number, instance.c.blob_key, instance.c.data_offset)
        found = {row[0]: row for row in database.read(lambda c: c.execute(select(*columns)).all())}
        assert set(acknowledged) <= set(found)
        assert len(acknowledged) == len(set(acknowledged))
        for uid, number, key, offset in found.values():
            assert blobs.path(key).read_bytes()[offset:] == encode(ct_slice(int(number))), uid
        assert {path for path in folder.rglob("*") if path.is_file()} == {blobs.path(row[2]) for row in found.values()}
        assert consistency.check(database, blobs).checked == len(found)
