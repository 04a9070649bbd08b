"""DICOM files (PS3.10) as a way in: imports, uploads, parts of STOW-RS requests, our own results."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from archive import file_meta
from archive.encodings import EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from archive.errors import NotParsable
from archive.header import read_header
from archive.limits import Limits
from archive.spool import Spooled, SpoolFile
from archive.storage_errors import storage_error

_CHUNK: Final = 1 << 20
_FIRST_BYTES: Final = 8
# Stands in for UIDs that a file without file meta information has only in its data set.
_NOT_YET_KNOWN: Final = "2.25.0"


class Spooler(Protocol):
    """What opens spool files: `archive.ingest.Archive`."""

    limits: Limits

    def spool(self, *, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> SpoolFile:
        """Open a spool file for an object that is about to arrive."""


class Part10Spool:
    """Takes a DICOM file in pieces and spools its data set.

    The file's own preamble and file meta information are replaced: a preamble may hold anything, even a program.
    Data sets without file meta information are taken too, their encoding guessed.

    Parameters
    ----------
    archive
        What opens the spool file.
    """

    def __init__(self, archive: Spooler) -> None:
        self._archive = archive
        self._beginning = b""
        self._file: SpoolFile | None = None
        self._announced = True
        self.uids = ("", "")
        """SOP Class and SOP Instance UID of the file meta information, as soon as they are known."""

    def write(self, chunk: memoryview | bytes) -> None:
        """Append bytes of the file."""
        if self._file is not None:
            self._file.write(chunk)
            return
        self._beginning += chunk
        self._begin(complete=False)

    def finish(self) -> Spooled:
        """Say that all bytes are there. What was spooled is removed when this fails.

        Raises
        ------
        NodeError
            The file is not DICOM, or cannot be stored.
        """
        try:
            spooled = self._complete().finish()
        except BaseException:
            self.discard()
            raise
        return spooled if self._announced else self._named_after_its_data_set(spooled)

    def discard(self) -> None:
        """Give up: remove what was spooled."""
        if self._file is not None:
            self._file.discard()

    def _complete(self) -> SpoolFile:
        if self._file is None:
            self._begin(complete=True)
        if self._file is None:
            raise NotParsable("It is not a DICOM file.")
        return self._file

    def _begin(self, *, complete: bool) -> None:
        decoded = file_meta.decode(self._beginning, complete=complete)
        if decoded is None:
            return
        meta, data_offset = decoded
        data_set = self._beginning[data_offset:]
        if len(data_set) < _FIRST_BYTES and not complete:
            return
        self._announced = meta.keys() >= _UIDS
        if self._announced:
            self.uids = meta[file_meta.MEDIA_STORAGE_SOP_CLASS_UID], meta[file_meta.MEDIA_STORAGE_SOP_INSTANCE_UID]
        self._file = self._archive.spool(
            sop_class_uid=meta.get(file_meta.MEDIA_STORAGE_SOP_CLASS_UID, _NOT_YET_KNOWN),
            sop_instance_uid=meta.get(file_meta.MEDIA_STORAGE_SOP_INSTANCE_UID, _NOT_YET_KNOWN),
            transfer_syntax_uid=_transfer_syntax(meta, data_set),
        )
        self._beginning = b""
        self._file.write(data_set)

    def _named_after_its_data_set(self, spooled: Spooled) -> Spooled:
        """Spool once more with the file meta information that the file did not have."""
        try:
            header = read_header(
                spooled.descriptor, spooled.transfer_syntax_uid, spooled.data_offset, self._archive.limits
            )
            named = self._archive.spool(
                sop_class_uid=header.sop_class_uid,
                sop_instance_uid=header.sop_instance_uid,
                transfer_syntax_uid=header.transfer_syntax_uid,
            )
            _copy(spooled.path, spooled.data_offset, named)
            return named.finish()
        finally:
            spooled.discard()


_UIDS: Final = frozenset({file_meta.MEDIA_STORAGE_SOP_CLASS_UID, file_meta.MEDIA_STORAGE_SOP_INSTANCE_UID})


def spool_file(archive: Spooler, path: Path) -> Spooled:
    """Spool a DICOM file."""
    spool = Part10Spool(archive)
    _copy(path, 0, spool)
    return spool.finish()


def _copy(path: Path, offset: int, target: SpoolFile | Part10Spool) -> None:
    try:
        with path.open("rb", buffering=0) as file:
            file.seek(offset)
            while chunk := file.read(_CHUNK):
                target.write(chunk)
    except OSError as error:
        target.discard()
        raise storage_error(error) from error
    except BaseException:
        target.discard()
        raise


def _transfer_syntax(meta: Mapping[int, str], data_set: bytes) -> str:
    """Return the transfer syntax of the file, guessed from the first element where it is not said."""
    known = meta.get(file_meta.TRANSFER_SYNTAX_UID)
    if known:
        return known
    vr = data_set[4:6]
    if not (vr.isalpha() and vr.isupper()):
        return IMPLICIT_VR_LITTLE_ENDIAN
    # The first group of a data set is 0008, or small in any case: its first byte tells the byte order.
    return EXPLICIT_VR_LITTLE_ENDIAN if data_set[0] else EXPLICIT_VR_BIG_ENDIAN
