"""Objects of one series, made fast: the header is encoded once, so that a test can keep several listeners busy."""

import hashlib
import random
import struct
from dataclasses import dataclass, field
from typing import Any

from pydicom.uid import generate_uid

from tests.acceptance.peers.objects import ct_slice, encoded

_PREFIX = "1.2.826.0.1.3680043.10.9999.8."
_DIGITS = 30
_PIXEL_DATA = b"\xe0\x7f\x10\x00OW\0\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One object, encoded in Explicit VR Little Endian."""

    sop_instance_uid: str
    data_set: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Hash of the data set."""
        return hashlib.sha256(self.data_set).hexdigest()


class Series:
    """Makes CT slices with random pixels.

    Parameters
    ----------
    side
        Rows and columns; two bytes a pixel.
    changes
        Other elements of `ct_slice`.
    """

    def __init__(self, *, side: int = 16, seed: int | None = None, **changes: Any) -> None:
        self.study_instance_uid, self.series_instance_uid = generate_uid(), generate_uid()
        self._random = random.Random(seed)
        self._placeholder = self._new_uid()
        self._pixel_bytes = side * side * 2
        uids = {
            "StudyInstanceUID": self.study_instance_uid,
            "SeriesInstanceUID": self.series_instance_uid,
            "SOPInstanceUID": self._placeholder,
        }
        head = encoded(ct_slice(**{**uids, "Rows": side, "Columns": side, "PixelData": None, **changes}))
        self._head = head + _PIXEL_DATA + struct.pack("<I", self._pixel_bytes)

    def make(self, sop_instance_uid: str | None = None) -> Made:
        """Make another slice, or one with a UID that was there before."""
        uid = sop_instance_uid or self._new_uid()
        head = self._head.replace(self._placeholder.encode(), uid.encode())
        return Made(sop_instance_uid=uid, data_set=head + self._random.randbytes(self._pixel_bytes))

    def _new_uid(self) -> str:
        # All of one length, which is even: one takes the place of another without moving anything.
        return _PREFIX + str(random.SystemRandom().randrange(10 ** (_DIGITS - 1), 10**_DIGITS))
