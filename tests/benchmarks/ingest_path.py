"""How many instances a second `Archive.receive` keeps, without a network: `python tests/benchmarks/ingest_path.py`.

Each instance has about 120 header elements and 512 x 512 pixels, and is new; the index is SQLite in the same folder, or
the database named by `--database`.
"""

import argparse
import io
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from archive import schema
from archive.blobs import FileBlobs
from archive.database import Database
from archive.ingest import Archive
from archive.origin import Origin, OriginKind

_FRAGMENT_BYTES = 131_072
_ORIGIN = Origin(kind=OriginKind.DIMSE, ae_title="BENCH")


def slice_bytes(series: str) -> tuple[bytes, int]:
    """Return the data set of a CT slice and the position of the last digits of its SOP Instance UID."""
    data_set = Dataset()
    data_set.SOPClassUID = CTImageStorage
    data_set.SOPInstanceUID = "1.2.826.0.1.3680043.8.498.100000000"
    data_set.StudyInstanceUID, data_set.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.1", series
    data_set.PatientName, data_set.PatientID, data_set.Modality = "BENCH^INGEST", "B1", "CT"
    data_set.Rows = data_set.Columns = 512
    data_set.BitsAllocated = 16
    block = data_set.private_block(0x0009, "BENCH", create=True)
    for element in range(108):
        block.add_new(element, "LO", f"VALUE {element}")
    data_set.add_new(0x7FE00010, "OW", bytes(512 * 512 * 2))
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, data_set, implicit_vr=False, little_endian=True, enforce_file_format=False)
    content = buffer.getvalue()
    return content, content.index(b"100000000")


def send(archive: Archive, series: str, sender: int, count: int) -> None:
    """Store `count` slices of one series."""
    original, position = slice_bytes(series)
    content = bytearray(original)
    for number in range(count):
        name = f"{100 + sender}{number:06d}"
        content[position : position + 9] = name.encode()
        spool = archive.spool(
            sop_class_uid=CTImageStorage,
            sop_instance_uid="1.2.826.0.1.3680043.8.498." + name,
            transfer_syntax_uid=ExplicitVRLittleEndian,
        )
        view = memoryview(content)
        for start in range(0, len(view), _FRAGMENT_BYTES):
            spool.write(view[start : start + _FRAGMENT_BYTES])
        archive.receive(spool.finish(), _ORIGIN)


def measure(folder: Path, url: str, threads: int, count: int) -> float:
    """Return instances a second."""
    schema.upgrade(url)
    with Database(url) as database, FileBlobs(folder / "blobs") as blobs, Archive(database, blobs) as archive:
        uid = f"1.2.826.0.1.3680043.8.498.{time.time_ns()}"
        began = time.perf_counter()
        with ThreadPoolExecutor(threads) as senders:
            list(senders.map(lambda number: send(archive, f"{uid}.{number}", number, count // threads), range(threads)))
        return count / (time.perf_counter() - began)


def main() -> None:
    """Print medians of five rounds with one and with four threads."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", help="PostgreSQL URL; left out: SQLite")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--folder", type=Path, default=Path.cwd())
    options = parser.parse_args()
    rates: dict[int, list[float]] = {1: [], 4: []}
    # Removed only at the end: file systems free space in the background, which would slow the next round.
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for number in range(5):
            for threads, found in rates.items():
                place = Path(folder, f"{number}-{threads}")
                place.mkdir()
                url = options.database or f"sqlite:///{place}/index.sqlite"
                found.append(measure(place, url, threads, options.count))
    for threads, found in rates.items():
        print(f"{threads} thread(s): {statistics.median(found):.0f} instances/s")  # noqa: T201 - it is a program


if __name__ == "__main__":
    main()
