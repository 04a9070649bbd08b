"""Storing the DICOM files of a STOW-RS request, one a part."""

from archive.errors import NodeError, NotParsable
from archive.part10 import Part10Spool
from dicomweb.stow_keeping import Keeping
from dicomweb.stow_parts import DICOM, PartHead


class Storing:
    """Takes the files of one request; it works in one thread at a time.

    Parameters
    ----------
    keeping
        Keeps what they hold.
    """

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping
        self._spool: Part10Spool | None = None

    def begin(self, head: PartHead) -> None:
        """Start an object; one that is no DICOM file fails, whatever it holds."""
        self._spool = Part10Spool(self._keeping.archive) if head.media_type == DICOM else None
        if self._spool is None:
            self._keeping.fail(NotParsable("It is no DICOM file."))

    def write(self, data: bytes) -> None:
        """Take the object's next bytes."""
        if self._spool is not None:
            try:
                self._spool.write(data)
            except NodeError as error:
                uids = self._spool.uids
                self.discard()
                self._keeping.fail(error, *uids)

    def end(self) -> None:
        """Keep the object that is complete now."""
        spool, self._spool = self._spool, None
        if spool is None:
            return
        try:
            spooled = spool.finish()
        except NodeError as error:
            self._keeping.fail(error, *spool.uids)
        else:
            self._keeping.keep(spooled)

    def finish(self) -> None:
        """Do nothing more: every object was kept as it came."""

    def discard(self) -> None:
        """Give up the object that is not complete."""
        spool, self._spool = self._spool, None
        if spool is not None:
            spool.discard()
