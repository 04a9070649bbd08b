"""C-GET and C-MOVE SCUs that spend as little as a client can."""

import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Final

from pydicom import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import dsutils

from routing.associate import encode_request
from routing.negotiation import AssociateRequest, ProposedContext, Roles, UserInformation
from tests.acceptance.peers.raw import A_ASSOCIATE_AC, p_data, pdu, status_of
from tests.benchmarks.client import CALLING
from tests.benchmarks.receivers import Receiver
from tests.benchmarks.retrieve_sink import LARGEST_PDU, TITLE, Wire, is_request
from tests.benchmarks.series import Series

STUDY_ROOT_GET: Final = "1.2.840.10008.5.1.4.1.2.2.3"
STUDY_ROOT_MOVE: Final = "1.2.840.10008.5.1.4.1.2.2.2"
_C_GET_RQ, _C_MOVE_RQ = 0x0010, 0x0021
_PENDING: Final = 0xFF00
_RETRIEVE, _STORE = 1, 3
_RELEASE_RQ: Final = pdu(5, bytes(4))


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """One retrieval: seconds from the request to the final response, and from each object to the next."""

    instances: int
    seconds: float
    gaps: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Instances a second."""
        return self.instances / self.seconds


Retrieve = Callable[[Receiver, Series], Retrieved]


def get(receiver: Receiver, series: Series) -> Retrieved:
    """Retrieve a series by C-GET."""
    with _associate(receiver, STUDY_ROOT_GET, series) as connection:
        wire, moments = Wire(connection), []
        begun = time.perf_counter()
        connection.sendall(_request(_C_GET_RQ, STUDY_ROOT_GET, series))
        while (command := wire.command()) is not None:
            if is_request(command):
                moments.append(time.perf_counter())
                wire.accept(command, series.sop_class_uid)
            elif status_of(command) != _PENDING:
                break
        seconds = time.perf_counter() - begun
        _end(connection, receiver, command)
    return _checked(series, seconds, moments)


def move_to(report: Connection) -> Retrieve:
    """Make what retrieves a series by C-MOVE to the sink that reports there."""

    def move(receiver: Receiver, series: Series) -> Retrieved:
        with _associate(receiver, STUDY_ROOT_MOVE, series) as connection:
            wire = Wire(connection)
            begun = time.perf_counter()
            connection.sendall(_request(_C_MOVE_RQ, STUDY_ROOT_MOVE, series))
            command = wire.command()
            while command is not None and status_of(command) == _PENDING:
                command = wire.command()
            seconds = time.perf_counter() - begun
            _end(connection, receiver, command)
        moments: list[float] = []
        while len(moments) < series.count and report.poll(10):
            moments += report.recv()
        return _checked(series, seconds, moments)

    return move


def _checked(series: Series, seconds: float, moments: list[float]) -> Retrieved:
    if len(moments) != series.count:
        raise SystemExit(f"{len(moments)} of {series.count} objects came")
    gaps = tuple(after - before for before, after in pairwise(moments))
    return Retrieved(instances=len(moments), seconds=seconds, gaps=gaps)


def _end(connection: socket.socket, receiver: Receiver, final: bytes | None) -> None:
    if final is None or status_of(final):
        raise SystemExit(f"{receiver.name} did not end a retrieval with success")
    connection.sendall(_RELEASE_RQ)
    connection.recv(LARGEST_PDU)


def _associate(receiver: Receiver, sop_class_uid: str, series: Series) -> socket.socket:
    contexts = {_RETRIEVE: sop_class_uid, _STORE: series.sop_class_uid}
    request = AssociateRequest(
        called_ae_title=receiver.called.ljust(16).encode(),
        calling_ae_title=CALLING.ljust(16).encode(),
        contexts=tuple(
            ProposedContext(context_id=number, abstract_syntax=uid, transfer_syntaxes=(ExplicitVRLittleEndian,))
            for number, uid in contexts.items()
        ),
        user=UserInformation(max_pdu=LARGEST_PDU, roles={series.sop_class_uid: Roles(scu=True, scp=True)}),
    )
    connection = socket.create_connection(("127.0.0.1", receiver.port))
    connection.settimeout(None)
    connection.sendall(encode_request(request))
    kind, length = struct.unpack(">BxI", connection.recv(6, socket.MSG_WAITALL))
    body = connection.recv(length, socket.MSG_WAITALL)
    if kind != A_ASSOCIATE_AC:
        raise SystemExit(f"{receiver.name} answered with PDU type {kind}: {body.hex()}")
    return connection


def _request(field: int, sop_class_uid: str, series: Series) -> bytes:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "SERIES"
    identifier.StudyInstanceUID = series.study_instance_uid
    identifier.SeriesInstanceUID = series.series_instance_uid
    encoded = dsutils.encode(identifier, is_implicit_vr=False, is_little_endian=True)
    if encoded is None:
        raise ValueError(series)
    return p_data(_RETRIEVE, 3, _command(field, sop_class_uid)) + p_data(_RETRIEVE, 2, encoded)


def _command(field: int, sop_class_uid: str) -> bytes:
    uid = sop_class_uid.encode() + b"\0" * (len(sop_class_uid) % 2)
    elements = [(0x0002, uid), (0x0100, _us(field)), (0x0110, _us(1))]
    if field == _C_MOVE_RQ:
        elements.append((0x0600, TITLE.encode()))
    elements += [(0x0700, _us(0)), (0x0800, _us(1))]
    body = b"".join(struct.pack("<HHI", 0, number, len(value)) + value for number, value in elements)
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


def _us(value: int) -> bytes:
    return struct.pack("<H", value)
