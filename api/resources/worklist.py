"""The modality worklist: steps that are scheduled, and what became of them."""

from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Items, Listing, Row, read_page
from archive import scheduling
from archive.attribute_lists import AttributeList, from_keywords
from archive.pages import parse_id

router = APIRouter(prefix="/worklist", tags=["worklist"])

Reader = Annotated[Principal, Depends(require(Permission.READ_WORKLIST))]
Scheduler = Annotated[Principal, Depends(require(Permission.SCHEDULE))]
Source = Literal["api", "file", "order"]
State = Literal["SCHEDULED", "IN PROGRESS", "COMPLETED", "DISCONTINUED"]


class Scheduling(BaseModel):
    """What is scheduled: attributes by their DICOM keywords; a sequence is a list of objects.

    `ScheduledProcedureStepSequence` has one item. Study Instance UID, Requested Procedure ID and Scheduled Procedure
    Step ID are made by the node where they are left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    attributes: dict[str, Any]


class Entry(Row):
    """An entry of the worklist."""

    id: str
    source: Source
    state: State
    study_uid: str
    patient_id: str
    patient_name: str
    accession_number: str
    modality: str
    station_ae_titles: list[str]
    start_date: str
    start_time: str
    attributes: dict[str, Any]
    created: str
    updated: str


class EntryListing(Listing):
    """Filters of the entries."""

    id: str | None = None
    state: State | None = None
    source: Source | None = None
    study_uid: str | None = None
    patient_id: str | None = None
    accession_number: str | None = None
    modality: str | None = None
    start_date: str | None = None


@router.get("", response_model=Items[Entry])
async def list_entries(web: Web, listing: Annotated[EntryListing, Query()], principal: Reader) -> Any:
    """List entries, newest first, those that are done too."""
    return await read_page(web, scheduling.listing, principal, listing)


@router.post("", status_code=HTTPStatus.CREATED, response_model=Entry)
async def add_entry(web: Web, body: Scheduling, principal: Scheduler) -> Any:
    """Schedule a step."""
    return await web.database.write(
        scheduling.add, principal.tenant, _attributes(body), principal=principal.username, now=web.now()
    )


@router.get("/{entry_id}", response_model=Entry)
async def read_entry(web: Web, entry_id: str, principal: Reader) -> Any:
    """Answer one entry."""
    return await web.database.read(scheduling.get, principal.tenant, parse_id(entry_id))


@router.put("/{entry_id}", response_model=Entry)
async def replace_entry(web: Web, entry_id: str, body: Scheduling, principal: Scheduler) -> Any:
    """Put other attributes in the place of an entry's; identifiers that are left out stay."""
    key, attributes = parse_id(entry_id), _attributes(body)
    return await web.database.write(
        scheduling.replace, principal.tenant, key, attributes, principal=principal.username, now=web.now()
    )


@router.delete("/{entry_id}", status_code=HTTPStatus.NO_CONTENT)
async def remove_entry(web: Web, entry_id: str, principal: Scheduler) -> None:
    """Take an entry off the worklist."""
    key = parse_id(entry_id)
    await web.database.write(scheduling.remove, principal.tenant, key, principal=principal.username, now=web.now())


def _attributes(body: Scheduling) -> AttributeList:
    return from_keywords(body.attributes)
