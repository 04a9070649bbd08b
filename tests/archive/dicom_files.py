"""DICOM files that tests read: those that pydicom brings along, and the shared ones where they are there."""

from collections.abc import Iterator
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_file_meta_info

PACKAGED = Path(pydicom.__file__).parent / "data" / "test_files"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def packaged(pattern: str = "*.dcm") -> list[Path]:
    """List files of pydicom that have file meta information."""
    return [path for path in sorted(PACKAGED.glob(pattern)) if syntax_of(path)]


def shared(folder: str) -> list[Path]:
    """List files of a shared folder; none where there are none."""
    return [path for path in _files(SHARED / folder) if syntax_of(path)]


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file()) if folder.is_dir() else iter(())


def syntax_of(path: Path) -> str:
    """Give the transfer syntax of a file; empty for what has none."""
    try:
        return str(read_file_meta_info(path).get("TransferSyntaxUID", ""))
    except InvalidDicomError:
        return ""


def offset_of(path: Path) -> int:
    """Say where the data set of a file begins."""
    with path.open("rb") as file:
        pydicom.filereader.read_preamble(file, force=False)
        pydicom.filereader._read_file_meta_info(file)
        return file.tell()
