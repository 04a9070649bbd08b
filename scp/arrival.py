"""A connection whose peer has begun to speak."""

from collections.abc import Callable
from dataclasses import dataclass

from routing.stream import Stream
from scp.stopping import Stopping


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What the acceptor gets of a new connection.

    Parameters
    ----------
    stream
        Its bytes.
    address
        The peer's, without port.
    artim_seconds
        What is left of the time in which the whole A-ASSOCIATE-RQ must come.
    stopping
        How the listener ends it.
    admitted
        To be called when it becomes an association: until then it is half open.
    """

    stream: Stream
    address: str
    artim_seconds: float
    stopping: Stopping
    admitted: Callable[[], None]
