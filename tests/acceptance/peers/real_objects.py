"""The real files as objects to send: each under the names that its own data set gives it."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.filereader import _read_file_meta_info, read_preamble
from pydicom.uid import ImplicitVRLittleEndian

from tests.acceptance.peers.raw import Context, RawScu

_NAMES = ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RealObject:
    """One file: what it is, and its data set's bytes.

    Parameters
    ----------
    path
        The file.
    data_set
        The bytes after the File Meta Information, a NUL added to those of odd length, as every sender has to
        (PS3.5 Section A.5, PS3.8 Annex E.2).
    """

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    transfer_syntax_uid: str
    data_set: bytes

    @property
    def url(self) -> str:
        """Where DICOMweb has it."""
        study = f"/dicom-web/studies/{self.study_instance_uid}"
        return f"{study}/series/{self.series_instance_uid}/instances/{self.sop_instance_uid}"

    @property
    def context(self) -> tuple[str, str]:
        """The presentation context it needs."""
        return self.sop_class_uid, self.transfer_syntax_uid


def real_objects(folder: Path) -> Iterator[RealObject]:
    """Yield every file of the manifest that is not broken on purpose."""
    with (folder / "MANIFEST.csv").open(newline="") as manifest:
        names = [row["file"] for row in csv.DictReader(manifest)]
    return (_read(folder / name) for name in names if not name.startswith("malformed"))


def _read(path: Path) -> RealObject:
    header = dcmread(path, stop_before_pixels=True, specific_tags=_NAMES, force=True)
    sop_class, sop_instance, study, series = (str(header.get(name) or "") for name in _NAMES)
    meta = header.file_meta
    return RealObject(
        path=path,
        # A few data sets do not say who they are; their files do.
        sop_class_uid=sop_class or str(meta.MediaStorageSOPClassUID),
        sop_instance_uid=sop_instance or str(meta.MediaStorageSOPInstanceUID),
        study_instance_uid=study,
        series_instance_uid=series,
        transfer_syntax_uid=_syntax(meta),
        data_set=_data_set(path),
    )


def _syntax(meta: Dataset) -> str:
    # Without File Meta Information an old file is in the default transfer syntax.
    return str(meta.get("TransferSyntaxUID") or ImplicitVRLittleEndian)


def _data_set(path: Path) -> bytes:
    # Group 0002 is read by its elements: its length is wrong in some files.
    with path.open("rb") as file:
        read_preamble(file, force=True)
        _read_file_meta_info(file)
        content = file.read()
    return content + bytes(len(content) % 2)


def rounds(objects: Iterable[RealObject]) -> list[list[RealObject]]:
    """Share the objects out so that no round has two of the same SOP Instance UID."""
    shared_out: list[dict[str, RealObject]] = []
    for one in objects:
        free = next((batch for batch in shared_out if one.sop_instance_uid not in batch), None)
        if free is None:
            shared_out.append(free := {})
        free[one.sop_instance_uid] = one
    return [list(batch.values()) for batch in shared_out]


def store(port: int, objects: Iterable[RealObject]) -> dict[Path, int]:
    """C-STORE objects as they are; the status of each file."""
    statuses = {}
    for (sop_class, syntax), batch in groupby(sorted(objects, key=lambda one: one.context), lambda one: one.context):
        context = Context(abstract_syntax=sop_class, transfer_syntaxes=(syntax,))
        with RawScu(port, contexts={1: context}) as scu:
            for one in batch:
                uid = one.sop_instance_uid.encode()
                status = scu.store(one.data_set, sop_instance=uid, sop_class=sop_class.encode())
                statuses[one.path] = status
    return statuses
