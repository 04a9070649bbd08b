"""PDUs out of a stream of bytes: one buffer an association, and as few system calls as the sender's pieces allow."""

from typing import Final

from routing.pdu import HEADER, HEADER_SIZE, AbortReason, PduType, ProtocolViolation
from routing.stream import Stream

_KNOWN_PDUS: Final = frozenset(PduType)
# Room behind the largest PDU, so that the next one, or a whole small message, is taken along.
_AHEAD: Final = 65_536


class PduReader:
    """Reads PDUs one after the other.

    A small message (command and data set) usually comes in one piece and is read by one system call; of a large PDU
    the kernel gathers what is missing while no Python runs.

    Parameters
    ----------
    stream
        The connection.
    max_pdu
        The maximum length announced to the peer; a longer PDU is a violation (PS3.8 Annex D.1).
    """

    def __init__(self, stream: Stream, max_pdu: int) -> None:
        self._stream = stream
        self._max_pdu = max_pdu
        self._buffer = memoryview(bytearray(HEADER_SIZE + max_pdu + _AHEAD))
        # What was received and not yet given out lies between these two.
        self._start = self._end = 0

    @property
    def is_ahead(self) -> bool:
        """Whether bytes of the next PDU are here already."""
        return self._end > self._start

    def read(self, seconds: float, pdu_seconds: float) -> tuple[int, memoryview]:
        """Return type and body of the next PDU; the body is valid until the next one is read.

        Parameters
        ----------
        seconds
            How long to wait for it to begin.
        pdu_seconds
            How long it may take from then on.

        Raises
        ------
        ProtocolViolation
            Its type is unknown, or it is longer than announced.
        WireError
            It did not come.
        """
        if self._end - self._start < HEADER_SIZE:
            self._fill(HEADER_SIZE, seconds)
        kind, length = HEADER.unpack_from(self._buffer, self._start)
        if kind not in _KNOWN_PDUS:
            raise ProtocolViolation(f"unknown PDU type {kind:02X}H", AbortReason.UNRECOGNIZED_PDU)
        if length > self._max_pdu:
            raise ProtocolViolation(f"PDU of {length} bytes is longer than negotiated")
        size = HEADER_SIZE + length
        if self._end - self._start < size:
            self._fill(size, pdu_seconds)
        begin, self._start = self._start + HEADER_SIZE, self._start + size
        return kind, self._buffer[begin : self._start]

    def _fill(self, wanted: int, seconds: float) -> None:
        """Read until `wanted` bytes are here, and what else has come."""
        have = self._end - self._start
        if self._start + wanted > len(self._buffer) or not have:
            self._buffer[:have] = self._buffer[self._start : self._end]
            self._start, self._end = 0, have
        self._end += self._stream.read_some(self._buffer[self._end :], wanted - have, seconds)
