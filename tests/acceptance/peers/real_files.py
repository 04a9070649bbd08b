"""Which of the real files a receiver can be expected to take."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydicom import FileDataset, dcmread
from pydicom.errors import InvalidDicomError

from tests.acceptance.peers.dcmtk import run


def sound(paths: Iterable[Path]) -> Iterator[tuple[Path, FileDataset]]:
    """Yield the files that DCMTK reads to their end and whose header and data set name one and the same object.

    Several files of the collection are one object in different transfer syntaxes; only the first of them is given.
    """
    seen: set[str] = set()
    for path in sorted(paths):
        header = _header(path)
        if header is not None and header.SOPInstanceUID not in seen and run("dcmdump", "-q", str(path)).returncode == 0:
            seen.add(header.SOPInstanceUID)
            yield path, header


def _header(path: Path) -> FileDataset | None:
    try:
        header = dcmread(path, stop_before_pixels=True)
    except (InvalidDicomError, IsADirectoryError):
        return None
    uid = header.get("SOPInstanceUID")
    same = uid and uid == header.file_meta.get("MediaStorageSOPInstanceUID")
    return header if same and header.get("StudyInstanceUID") and header.get("SeriesInstanceUID") else None


def data_set_bytes(path: Path, header: FileDataset) -> bytes:
    """Return the bytes after the File Meta Information."""
    return path.read_bytes()[132 + 12 + header.file_meta.FileMetaInformationGroupLength :]
