"""Data sets from files to P-DATA, many PDUs a system call and none of them held longer than that."""

import os
from typing import Final

from routing.errors import WireError
from routing.pdu import p_data_header
from routing.stream import Stream

_BATCH_BYTES: Final = 1 << 20
_MAX_VECTORS: Final = 1024
_PREFIX: Final = len(p_data_header(1, 0, is_command=False, is_last=True))


class FileUnreadable(WireError):
    """A file could not be read to its end after its data set was announced; the association must not go on."""


class DataSetWriter:
    """Sends files over one association.

    The buffer is laid out as the row of PDUs that goes to the socket: the file is read into the gaps between PDU
    headers by one scattered read, and the whole is written by one call. What it holds does not depend on the object.

    Parameters
    ----------
    stream
        The connection.
    fragment_size
        Data set bytes a PDU may carry.
    """

    def __init__(self, stream: Stream, fragment_size: int) -> None:
        self._stream = stream
        self._fragment = fragment_size
        step = _PREFIX + fragment_size
        self._count = max(1, min(_MAX_VECTORS, _BATCH_BYTES // step))
        self._buffer = memoryview(bytearray(self._count * step))
        self._starts = range(0, self._count * step, step)
        self._gaps = [self._buffer[start + _PREFIX : start + step] for start in self._starts]
        self._context_id = 0

    def send_file(self, context_id: int, file: int, offset: int, size: int) -> None:
        """Send `size` bytes of the open file `file` from `offset` on, as the data set of a message.

        Raises
        ------
        WireError
            When the connection ends, or the file does.
        """
        self._prepare(context_id)
        room = self._count * self._fragment
        while size > room:
            self._read(file, self._gaps, offset, room)
            self._stream.write(self._buffer, more=True)
            offset, size = offset + room, size - room
        self._send_rest(context_id, file, offset, size)

    def _send_rest(self, context_id: int, file: int, offset: int, size: int) -> None:
        full, last = divmod(size, self._fragment)
        if last == 0 and full:
            full, last = full - 1, self._fragment
        start = self._starts[full]
        # A fragment has an even length (PS3.8 Annex E.2): deflated data sets end with a NUL then (PS3.5 Section A.5),
        # and objects that came with an odd length, over HTTP or from a file. What stands before it is sent as it came:
        # an object is known by its bytes, and committed to by their hash. What this node encodes itself is even.
        even = last + last % 2
        header = p_data_header(context_id, even, is_command=False, is_last=True)
        usual = bytes(self._buffer[start : start + _PREFIX])
        self._buffer[start : start + _PREFIX] = header
        self._read(file, [*self._gaps[:full], self._gaps[full][:last]], offset, size)
        end = start + _PREFIX + even
        self._buffer[end - even + last : end] = bytes(even - last)
        self._stream.write(self._buffer[:end])
        self._buffer[start : start + _PREFIX] = usual

    def _prepare(self, context_id: int) -> None:
        if context_id == self._context_id:
            return
        header = p_data_header(context_id, self._fragment, is_command=False, is_last=False)
        for start in self._starts:
            self._buffer[start : start + _PREFIX] = header
        self._context_id = context_id

    @staticmethod
    def _read(file: int, gaps: list[memoryview], offset: int, size: int) -> None:
        try:
            count = os.preadv(file, gaps, offset)
        except OSError as error:
            raise FileUnreadable(f"the stored file cannot be read: {error.strerror}") from error
        if count != size:
            raise FileUnreadable("the stored file is shorter than it was")
