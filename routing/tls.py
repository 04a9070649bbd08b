"""A TLS connection read and written by blocking calls of one thread, each with an absolute deadline.

TLS 1.2 or later over TCP as PS3.15 Annex B has it: the association runs inside, as it would over plain TCP.
"""

import contextlib
import socket
import ssl
from collections.abc import Iterator
from time import monotonic
from types import MappingProxyType
from typing import Final

from routing.errors import ConnectionLost, HandshakeFailed, TimedOut
from routing.peer_certificates import PeerCertificate, certificate_of

_SHORTEST_WAIT: Final = 0.001
_SCRAP_SIZE: Final = 65536
_BROKEN_OFF: Final = "the peer broke off after the TLS handshake; perhaps it requires a certificate of ours"
# What OpenSSL calls the failures that an administrator meets, in words.
_REASONS: Final = MappingProxyType(
    {
        "WRONG_VERSION_NUMBER": "the peer does not speak TLS",
        "HTTP_REQUEST": "the peer speaks HTTP",
        "RECORD_LAYER_FAILURE": "the peer does not speak TLS",
        "UNSUPPORTED_PROTOCOL": "the peer offers no version from TLS 1.2 on",
        "NO_SHARED_CIPHER": "the peer offers no cipher suite of the profile",
        "PEER_DID_NOT_RETURN_A_CERTIFICATE": "the peer has no certificate to show",
        "TLSV1_ALERT_UNKNOWN_CA": "the peer does not trust our certificate",
        "SSLV3_ALERT_BAD_CERTIFICATE": "the peer does not trust our certificate",
        "TLSV1_ALERT_PROTOCOL_VERSION": "the peer does not accept our versions of TLS",
        "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the peer requires a certificate of ours",
        "SSLV3_ALERT_HANDSHAKE_FAILURE": "the peer refuses the handshake; perhaps it requires a certificate of ours",
    }
)


class TlsStream:
    """A `Stream` inside TLS.

    The handshake belongs to the first read, and so to the thread and the deadline of that read: whoever only accepts
    never waits for a peer.

    Parameters
    ----------
    secured
        A connected socket whose handshake has not been done; the stream owns it from now on.
    write_seconds
        How long a peer may leave our data unread.
    """

    def __init__(self, secured: ssl.SSLSocket, *, write_seconds: float = 60.0) -> None:
        with contextlib.suppress(OSError):
            secured.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket = secured
        self._write_seconds = write_seconds
        self._is_agreed = False
        self._is_heard = False
        self._ahead = b""

    def shake_hands(self, seconds: float) -> None:
        """Agree on version, cipher and keys within `seconds`, and check the peer's certificate.

        Raises
        ------
        HandshakeFailed
            With the reason in words.
        WireError
            When the connection ends, or the time.
        """
        try:
            self._socket.settimeout(max(seconds, _SHORTEST_WAIT))
            self._socket.do_handshake()
        except TimeoutError:
            raise TimedOut("the peer did not finish the TLS handshake in time") from None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError) as error:
            raise ConnectionLost("the peer broke off the TLS handshake; perhaps this is its plain port") from error
        except ssl.SSLCertVerificationError as error:
            raise HandshakeFailed(f"TLS: the peer's certificate is not accepted: {error.verify_message}") from error
        except ssl.SSLError as error:
            raise HandshakeFailed(_in_words(error)) from error
        except OSError as error:
            raise ConnectionLost(f"connection lost: {error.strerror or error}") from error
        self._is_agreed = True

    def peer_certificate(self) -> PeerCertificate | None:
        """Tell which certificate the peer showed; None before the handshake, or where none was asked for."""
        return certificate_of(self._socket) if self._is_agreed else None

    def read_exactly(self, view: memoryview, seconds: float) -> None:
        """Fill `view`; see `Stream.read_exactly`."""
        if view:
            self.read_some(view, len(view), seconds)

    def read_some(self, view: memoryview, minimum: int, seconds: float) -> int:
        """Read at least `minimum` bytes; see `Stream.read_some`."""
        deadline = monotonic() + seconds
        if not self._is_agreed:
            self.shake_hands(seconds)
        done = self._take_ahead(view)
        while done < minimum:
            left = deadline - monotonic()
            if left <= 0:
                raise TimedOut("the peer took too long to send a PDU")
            done += self._receive(view[done:], left)
        return done

    def _receive(self, view: memoryview, seconds: float) -> int:
        # One record at most: what is left of the deadline bounds all of them together.
        with _as_wire_errors("the peer was silent for too long"), self._first_words():
            self._socket.settimeout(seconds)
            self._acknowledge()
            count = self._socket.recv_into(view)
        if count == 0:
            raise ConnectionLost("the peer closed the connection")
        self._is_heard = True
        return count

    def _take_ahead(self, view: memoryview) -> int:
        ahead, self._ahead = self._ahead, b""
        view[: len(ahead)] = ahead
        return len(ahead)

    def _acknowledge(self) -> None:
        # As for plain TCP: a peer under Nagle's algorithm waits for our ACK of the first half of what it has to say.
        if not self._socket.pending():
            with contextlib.suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def write(self, data: bytes | memoryview, *, more: bool = False) -> None:
        """Send all of `data`, in records of TLS's own size; see `Stream.write`."""
        del more
        with _as_wire_errors("the peer does not read what is sent"), self._first_words():
            self._socket.settimeout(self._write_seconds)
            self._socket.sendall(data)

    @contextlib.contextmanager
    def _first_words(self) -> Iterator[None]:
        """Say more of a connection that we asked for and that ends before the peer has said anything.

        In TLS 1.3 our side of the handshake is done before the peer has seen our certificate, or that there is none.
        """
        try:
            yield
        except (ssl.SSLEOFError, ConnectionError) as error:
            if self._is_heard or self._socket.server_side:
                raise
            raise ConnectionLost(self._alert() or _BROKEN_OFF) from error

    def _alert(self) -> str:
        """Read what the peer said before it closed, where that is still to be had."""
        self._socket.settimeout(0)
        try:
            self._socket.recv(1)
        except ssl.SSLError as error:
            return _in_words(error) if error.reason else ""
        except OSError:
            return ""
        return ""

    def readable(self) -> bool:
        """Tell whether something can be read without waiting.

        Neither the socket nor OpenSSL can say: bytes on the socket may be part of a record, or one of the protocol's
        own. So a byte is read, and kept for the next read.
        """
        if self._ahead or self._socket.pending():
            return True
        try:
            self._socket.settimeout(0)
            self._ahead = self._socket.recv(1)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            # The next read meets the same, and says what it is.
            return True
        return True

    def stop_reading(self) -> None:
        """Wake the reading thread; see `Stream.stop_reading`."""
        with contextlib.suppress(OSError):
            # That of the plain socket: the one of SSLSocket takes the keys from under a thread that uses them.
            socket.socket.shutdown(self._socket, socket.SHUT_RD)

    def close(self) -> None:
        """Say goodbye without waiting for the answer, then close so that what was sent still arrives."""
        with contextlib.suppress(OSError, ValueError):
            self._socket.settimeout(0)
            if self._is_agreed:
                self._socket.unwrap()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_WR)
            self._drop_input()
        self._socket.close()

    def _drop_input(self) -> None:
        # As for plain TCP: a socket closed with unread input resets the connection.
        scrap = bytearray(_SCRAP_SIZE)
        for _ in range(64):
            if socket.socket.recv_into(self._socket, scrap, 0, socket.MSG_DONTWAIT) == 0:
                break


def accept_tls(connection: socket.socket, context: ssl.SSLContext) -> TlsStream:
    """Make a stream of an accepted connection, without waiting for the peer.

    Raises
    ------
    OSError
        The connection is gone already.
    """
    connection.settimeout(None)
    return TlsStream(context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False))


def connect_tls(connection: socket.socket, context: ssl.SSLContext, host: str, seconds: float) -> TlsStream:
    """Make a stream of a connection of our own, the handshake done.

    Raises
    ------
    WireError
        The handshake failed; the connection is closed.
    """
    try:
        stream = TlsStream(context.wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False))
    except OSError as error:
        connection.close()
        raise ConnectionLost(f"connection lost: {error.strerror or error}") from error
    try:
        stream.shake_hands(seconds)
    except (HandshakeFailed, ConnectionLost, TimedOut):
        stream.close()
        raise
    return stream


@contextlib.contextmanager
def _as_wire_errors(silence: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise TimedOut(silence) from None
    except ssl.SSLEOFError as error:
        raise ConnectionLost("the peer closed the connection") from error
    except ssl.SSLError as error:
        raise ConnectionLost(_in_words(error)) from error
    except OSError as error:
        raise ConnectionLost(f"connection lost: {error.strerror or error}") from error


def _in_words(error: ssl.SSLError) -> str:
    reason = error.reason or ""
    return f"TLS: {_REASONS.get(reason) or reason.replace('_', ' ').lower() or error}"
