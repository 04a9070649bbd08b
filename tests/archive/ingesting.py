"""A process that takes objects without pause and prints the SOP Instance UID of each that was acknowledged.

It is killed in the middle of its work: `python -m tests.archive.ingesting URL BLOBS FIRST`.
"""

import itertools
import sys
import threading
from pathlib import Path

from archive.blobs import FileBlobs
from archive.database import Database
from archive.ingest import Archive
from tests.archive.objects import send_slice

_THREADS = 3


def main(url: str, folder: str, first: int) -> None:
    """Take objects in several threads until the process is killed."""
    archive = Archive(Database(url), FileBlobs(Path(folder)))
    numbers = itertools.count(first)

    def take() -> None:
        for number in numbers:
            stored = send_slice(archive, number)
            # One write, so that lines of several threads do not mix.
            sys.stdout.write(f"{stored.header.sop_instance_uid}\n")
            sys.stdout.flush()

    threads = [threading.Thread(target=take) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
