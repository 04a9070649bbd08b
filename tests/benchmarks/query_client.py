"""A Query SCU that spends as little as a client can: it sends once, and looks at the statuses that return."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from types import TracebackType
from typing import Final, Self

from pydicom import Dataset
from pynetdicom import dsutils

from tests.acceptance.peers.raw import P_DATA_TF, p_data, status_of
from tests.benchmarks.client import Client, command_set
from tests.benchmarks.receivers import Receiver

STUDY_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
_C_FIND_RQ: Final = 0x0020
_PENDING: Final = frozenset({0xFF00, 0xFF01})
_COMMAND: Final = 1
_AT_ONCE: Final = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A C-FIND request, encoded beforehand."""

    message: bytes

    @classmethod
    def of(cls, level: str, keys: Mapping[str, str]) -> Self:
        """Encode an identifier of keywords and values."""
        identifier = Dataset()
        identifier.QueryRetrieveLevel = level
        for keyword, value in keys.items():
            setattr(identifier, keyword, value)
        encoded = dsutils.encode(identifier, is_implicit_vr=False, is_little_endian=True)
        if encoded is None:
            raise ValueError(level)
        numbers = ((0x0100, _C_FIND_RQ), (0x0110, 1), (0x0700, 0), (0x0800, 1))
        return cls(message=p_data(1, 3, command_set(STUDY_ROOT_FIND, numbers)) + p_data(1, 2, encoded))


class QueryClient:
    """One association for queries."""

    def __init__(self, receiver: Receiver) -> None:
        self._client = Client(receiver.port, called=receiver.called, sop_class_uid=STUDY_ROOT_FIND)
        self._received = bytearray()
        self._last = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._client.release()
        self._client.socket.close()

    def ask(self, question: Question) -> int:
        """Ask, wait for the final response, and return the number of matches."""
        self._client.socket.sendall(question.message)
        matches = sum(1 for _ in takewhile(_PENDING.__contains__, self._statuses()))
        if self._last:
            raise SystemExit(f"a query ended with status {self._last:04X}")
        return matches

    def _statuses(self) -> Iterator[int]:
        while True:
            body = self._pdu()
            at = 0
            while at < len(body):
                length = int(struct.unpack_from(">I", body, at)[0])
                if body[at + 5] & _COMMAND:
                    self._last = status_of(body[at + 6 : at + 4 + length])
                    yield self._last
                at += 4 + length

    def _pdu(self) -> bytes:
        received = self._received
        while len(received) < 6 or len(received) < 6 + int.from_bytes(received[2:6], "big"):
            more = self._client.socket.recv(_AT_ONCE)
            if not more:
                raise ConnectionError("the receiver closed the connection")
            received += more
        if received[0] != P_DATA_TF:
            raise SystemExit(f"a query was answered with a PDU of type {received[0]}")
        end = 6 + int.from_bytes(received[2:6], "big")
        body = bytes(received[6:end])
        del received[:end]
        return body
