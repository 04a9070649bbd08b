"""Orders as HL7 messages: worklist entries are made, changed and canceled as they say."""

from email.message import Message as Header
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Row
from api.problems import Problem, status_of
from api.resources.worklist import Entry
from archive import hl7, order_entries, orders
from archive.errors import Conflict, NotFound, NotParsable
from archive.hl7_acks import acknowledge

router = APIRouter(prefix="/worklist", tags=["worklist"])

Scheduler = Annotated[Principal, Depends(require(Permission.SCHEDULE))]
_MEDIA_TYPES: Final = ("application/hl7-v2", "text/plain")
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {media_type: {"schema": {"type": "string"}} for media_type in _MEDIA_TYPES},
    }
}


class OrderAnswer(Row):
    """What became of the entries, and the HL7 acknowledgment to hand on."""

    created: list[Entry]
    changed: list[Entry]
    canceled: list[Entry]
    ack: str


@router.post("/orders", response_model=OrderAnswer, openapi_extra=_BODY)
async def take_orders(web: Web, request: Request, principal: Scheduler) -> Any:
    """Take an order, ORM^O01 or OMI^O23: all of the message or nothing.

    A message that is refused is answered with a problem document; its member `ack` is the acknowledgment AE.
    """
    message = hl7.parse(await request.body(), _charset(request))
    now = web.now()
    try:
        outcome = await web.database.write(
            order_entries.apply, principal.tenant, orders.read(message), principal=principal.username, now=now
        )
    except (NotParsable, NotFound, Conflict) as error:
        ack = acknowledge(message, now=now, refusal=error.detail)
        raise Problem(status_of(error), error.detail, ack=ack) from error
    return {
        "created": outcome.created,
        "changed": outcome.changed,
        "canceled": outcome.canceled,
        "ack": acknowledge(message, now=now),
    }


def _charset(request: Request) -> str:
    """Return the character set of the body, if the Content-Type names one; refuse other types."""
    header = Header()
    header["Content-Type"] = request.headers.get("content-type", "")
    if header.get_content_type() not in _MEDIA_TYPES or "content-type" not in request.headers:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"An order is taken as {' or '.join(_MEDIA_TYPES)}.")
    return header.get_content_charset("")
