"""Objects larger than memory should ever hold: made while they are sent."""

import hashlib
import json
import random
import struct
from collections.abc import Iterator

import httpx
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedCTImageStorage, ExplicitVRLittleEndian, JPEG2000Lossless, generate_uid

from archive import file_meta
from tests.acceptance.peers.objects import ct_slice, encoded
from tests.acceptance.peers.raw import P_DATA_TF, Context, RawScu, store_rq
from tests.acceptance.peers.series import Series

_SIDE = 512
FRAME_BYTES = _SIDE * _SIDE * 2
_BOUNDARY = "large-object"
_UNDEFINED = 0xFFFFFFFF
_PIXEL_DATA = b"\xe0\x7f\x10\x00"
_ITEM, _END_OF_ITEMS = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"


class LargeObject:
    """An Enhanced CT image with many frames, all of the same noise.

    Parameters
    ----------
    frames
        How many, of 512 KiB each.
    encapsulated
        Each frame is a fragment (PS3.5 Section A.4), so that the object may be longer than 4 GiB. It is announced as
        JPEG 2000, which it is not: a store does not look into frames.
    """

    def __init__(self, frames: int, *, encapsulated: bool = False) -> None:
        self.sop_instance_uid = generate_uid()
        self.series = Series()
        self.transfer_syntax = JPEG2000Lossless if encapsulated else ExplicitVRLittleEndian
        self._frames, self._encapsulated = frames, encapsulated
        self._frame = random.Random(frames).randbytes(FRAME_BYTES)
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        """Hash of what was sent."""
        return self._digest.hexdigest()

    def send(self, port: int) -> int:
        """Send it over an association of its own, in PDUs as large as the node takes; returns the status."""
        context = Context(abstract_syntax=EnhancedCTImageStorage, transfer_syntaxes=(self.transfer_syntax,))
        with RawScu(port, contexts={1: context}) as scu:
            scu.socket.settimeout(300)
            command = store_rq(EnhancedCTImageStorage.encode(), self.sop_instance_uid.encode())
            scu.send_fragments(1, 1, command)
            for piece in self._hashed(scu.max_pdu - 6):
                _send_piece(scu, piece, control=0)
            _send_piece(scu, b"", control=2)
            return scu.response_status()

    def stow(self, client: httpx.Client) -> httpx.Response:
        """Send it by STOW-RS, in a body whose length is not announced."""
        headers = {
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={_BOUNDARY}',
            "Accept": "application/dicom+json",
        }
        return client.post("/dicom-web/studies", content=self._body(), headers=headers, timeout=300)

    def stow_apart(self, client: httpx.Client) -> httpx.Response:
        """Send it by STOW-RS as metadata and bulk data."""
        kind = "application/dicom+json"
        headers = {"Content-Type": f'multipart/related; type="{kind}"; boundary={_BOUNDARY}', "Accept": kind}
        return client.post("/dicom-web/studies", content=self._parts(kind), headers=headers, timeout=300)

    def fetch(self, client: httpx.Client) -> str:
        """Retrieve it by WADO-RS as it is stored; returns the hash of its data set."""
        path = f"/dicom-web/studies/{self.series.study_instance_uid}/series/{self.series.series_instance_uid}"
        headers = {"Accept": "application/dicom; transfer-syntax=*"}
        url, skipped = f"{path}/instances/{self.sop_instance_uid}", len(self._meta())
        digest = hashlib.sha256()
        with client.stream("GET", url, headers=headers, timeout=300) as answer:
            answer.raise_for_status()
            for piece in answer.iter_raw():
                digest.update(piece[skipped:])
                skipped = max(skipped - len(piece), 0)
        return digest.hexdigest()

    def _body(self) -> Iterator[bytes]:
        yield f"--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode() + self._meta()
        for piece in self._hashed(FRAME_BYTES):
            yield bytes(piece)
        yield f"\r\n--{_BOUNDARY}--\r\n".encode()

    def _parts(self, kind: str) -> Iterator[bytes]:
        described = self._described().to_json_dict() | {"7FE00010": {"vr": "OW", "BulkDataURI": "pixels"}}
        yield f"--{_BOUNDARY}\r\nContent-Type: {kind}\r\n\r\n{json.dumps([described])}".encode()
        yield f"\r\n--{_BOUNDARY}\r\nContent-Location: pixels\r\n\r\n".encode()
        for _ in range(self._frames):
            yield self._frame
        yield f"\r\n--{_BOUNDARY}--\r\n".encode()

    def _meta(self) -> bytes:
        return file_meta.encode(
            sop_class_uid=EnhancedCTImageStorage,
            sop_instance_uid=self.sop_instance_uid,
            transfer_syntax_uid=self.transfer_syntax,
        )

    def _hashed(self, longest: int) -> Iterator[bytes | memoryview]:
        for piece in self._pieces(longest):
            self._digest.update(piece)
            self.size += len(piece)
            yield piece

    def _pieces(self, longest: int) -> Iterator[bytes | memoryview]:
        yield self._head()
        frame = memoryview(self._frame)
        for _ in range(self._frames):
            if self._encapsulated:
                yield _ITEM + struct.pack("<I", FRAME_BYTES)
            for at in range(0, FRAME_BYTES, longest):
                yield frame[at : at + longest]
        if self._encapsulated:
            yield _END_OF_ITEMS

    def _head(self) -> bytes:
        ds = self._described()
        if self._encapsulated:
            empty_offset_table = _ITEM + bytes(4)
            return encoded(ds) + _PIXEL_DATA + b"OB\0\0" + struct.pack("<I", _UNDEFINED) + empty_offset_table
        return encoded(ds) + _PIXEL_DATA + b"OW\0\0" + struct.pack("<I", self._frames * FRAME_BYTES)

    def _described(self) -> Dataset:
        return ct_slice(
            SOPClassUID=EnhancedCTImageStorage,
            SOPInstanceUID=self.sop_instance_uid,
            StudyInstanceUID=self.series.study_instance_uid,
            SeriesInstanceUID=self.series.series_instance_uid,
            NumberOfFrames=self._frames,
            Rows=_SIDE,
            Columns=_SIDE,
            SharedFunctionalGroupsSequence=[Dataset()],
            PixelData=None,
        )


def _send_piece(scu: RawScu, piece: bytes | memoryview, *, control: int) -> None:
    scu.socket.sendall(struct.pack(">BBIIBB", P_DATA_TF, 0, len(piece) + 6, len(piece) + 2, 1, control))
    scu.socket.sendall(piece)
