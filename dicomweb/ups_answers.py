"""What the handlers of UPS-RS answer beside success: refusals and warnings (PS3.18 Section 11)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from archive.attribute_lists import is_kept, is_of_data_set, vr_of
from archive.errors import Conflict, NodeError, NotFound, NotParsable
from archive.workitem_errors import (
    NoLongerUpdated,
    NotCreatedScheduled,
    NotInProgress,
    OnlyCreatedScheduled,
    PerformedHere,
    WrongTransaction,
)
from archive.workitem_rules import REFUSALS
from archive.workitem_search import Source
from archive.workitem_states import Outcome
from dicomweb.problems import problem_response, status_of
from dicomweb.services import Services, base_url

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


def source(services: Services, request: Request) -> Source:
    """Say where the instances of workitems are fetched from."""
    return Source(ae_title=services.ae_title, base_url=base_url(request))


async def wake(services: Services) -> None:
    """Tell everybody whom a change of a workitem may concern."""
    await services.wake("events", "notices", "jobs", "deliveries")


def warning(request: Request, *texts: str) -> dict[str, str]:
    """Make the header that says more than the status (PS3.18 Section 11.4.3.2)."""
    return {"Warning": ", ".join(f'299 {base_url(request)} "{text}"' for text in texts)} if texts else {}


def warnings_of(request: Request, outcome: Outcome) -> dict[str, str]:
    """Make the header for what was done otherwise than asked."""
    return warning(request, _WARNINGS[outcome]) if outcome in _WARNINGS else {}


def has_others(document: Mapping[str, Any]) -> bool:
    """Tell whether a data set that could be read has attributes that are not kept: private ones, and bytes."""
    elements = [(tag.upper(), element) for tag, element in document.items()]
    if any(is_of_data_set(tag) and not is_kept(tag) for tag, _ in elements):
        return True
    sequences = (element.get("Value", ()) for tag, element in elements if vr_of(tag) == "SQ")
    return any(has_others(item or {}) for sequence in sequences for item in sequence)


def conflict_of_update(error: NodeError) -> str:
    """Say by the words of PS3.18 Section 11.6.3.2 why a workitem was not updated."""
    if isinstance(error, NotFound | NotInProgress):
        return "The target URI did not reference a claimed Workitem."
    return "The submitted request is inconsistent with the current state of the Workitem."


def conflict_of_state(error: NodeError, transaction_uid: str) -> str:
    """Say by the words of PS3.18 Section 11.7.3.2 why the state of a workitem was not changed."""
    if isinstance(error, WrongTransaction):
        return f"The Transaction UID is {'incorrect' if transaction_uid else 'missing'}."
    return "The submitted request is inconsistent with the state of the UPS Instance."


def refused(
    request: Request, error: NodeError, *, ended: HTTPStatus = HTTPStatus.CONFLICT, conflict: str = ""
) -> Response:
    """Answer a request that was refused.

    Parameters
    ----------
    error
        Why.
    ended
        Status where the workitem has ended: PS3.18 Table 11.6.3-1 has another than Table 11.7.3-1.
    conflict
        What the section of the transaction has the Warning say, before the reason itself.
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
    answer.headers.update(warning(request, *filter(None, (conflict, reason))))
    return answer
