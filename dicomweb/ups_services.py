"""What the handlers of UPS-RS work with, and what they answer when something is refused (PS3.18 Section 11)."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from archive.bus import Bus
from archive.database import AsyncDatabase
from archive.errors import Conflict, NodeError, NotParsable
from archive.workitem_errors import (
    NoLongerUpdated,
    NotCreatedScheduled,
    OnlyCreatedScheduled,
    PerformedHere,
    WrongTransaction,
)
from archive.workitem_rules import REFUSALS
from archive.workitem_search import Source
from archive.workitem_states import Outcome
from archive.workitems import Performing
from dicomweb.problems import problem_response, status_of
from dicomweb.services import base_url

_TOPICS: Final = ("events", "notices", "jobs", "deliveries")
_BAD_REQUESTS: Final[tuple[type[NodeError], ...]] = (
    WrongTransaction,
    NotCreatedScheduled,
    OnlyCreatedScheduled,
    NotParsable,
    *REFUSALS,
)
_WARNINGS: Final = {
    Outcome.CREATED_WITH_MODIFICATIONS: "The Workitem was created with modifications.",
    Outcome.LOCK_NOT_GRANTED: "Deletion Lock not granted.",
    Outcome.ALREADY_CANCELED: "The UPS is already in the requested state of CANCELED.",
    Outcome.ALREADY_COMPLETED: "The UPS is already in the requested state of COMPLETED.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsServices:
    """The parts of the node that UPS-RS needs. They are used, not owned.

    Parameters
    ----------
    database, bus
        Where workitems are kept, and whom to wake.
    performing
        What others may do with the jobs of this node.
    ae_title
        Our own, from which instances may be fetched by DIMSE.
    now
        Seconds since the epoch.
    """

    database: AsyncDatabase
    bus: Bus
    performing: Performing
    ae_title: str
    now: Callable[[], float] = time.time

    def source(self, request: Request) -> Source:
        """Say where the instances of workitems are fetched from."""
        return Source(ae_title=self.ae_title, base_url=base_url(request))

    async def wake(self) -> None:
        """Tell other processes to look, after a change was committed."""
        for topic in _TOPICS:
            # In a thread: a bus between machines speaks to the network.
            await asyncio.to_thread(self.bus.publish, topic)


def warning(request: Request, text: str) -> dict[str, str]:
    """Make the header that says more than the status (PS3.18 Section 11.4.3.2)."""
    return {"Warning": f'299 {base_url(request)} "{text}"'}


def warnings_of(request: Request, outcome: Outcome) -> dict[str, str]:
    """Make the header for what was done otherwise than asked."""
    return warning(request, _WARNINGS[outcome]) if outcome in _WARNINGS else {}


def refused(request: Request, error: NodeError, *, ended: HTTPStatus = HTTPStatus.CONFLICT) -> Response:
    """Answer a request that was refused.

    Parameters
    ----------
    error
        Why.
    ended
        Status where the workitem has ended: PS3.18 Table 11.6.3-1 has another than Table 11.7.3-1.
    """
    if isinstance(error, PerformedHere):
        status = HTTPStatus.FORBIDDEN
    elif isinstance(error, NoLongerUpdated):
        status = ended
    elif isinstance(error, Conflict):
        status = HTTPStatus.CONFLICT
    else:
        status = HTTPStatus.BAD_REQUEST if isinstance(error, _BAD_REQUESTS) else status_of(error)
    answer = problem_response(status, str(error))
    reason = (type(error).__doc__ or "").strip()
    answer.headers.update(warning(request, reason))
    return answer
