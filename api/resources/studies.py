"""Studies: the worklist, the status roll-up, removal."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Items, Listing, Row, read_page
from archive import obsolete, studies
from archive.studies import StudyState

router = APIRouter(prefix="/studies", tags=["studies"])

ListReader = Annotated[Principal, Depends(require(Permission.READ_IMAGES))]
StatusReader = Annotated[Principal, Depends(require(Permission.READ_STATUS))]
Remover = Annotated[Principal, Depends(require(Permission.DELETE_STUDIES))]


class Study(Row):
    """A line of the worklist."""

    study_uid: str
    status: StudyState
    percent: int
    patient_name: str
    patient_id: str
    study_date: str
    modalities: list[str]
    description: str
    accession_number: str
    instances: int
    received: str


class StudyStatus(Row):
    """The roll-up of a study's jobs."""

    study_uid: str
    status: StudyState
    jobs: dict[str, int]


class StudyListing(Listing):
    """Filters of the worklist."""

    search: Annotated[str | None, Field(description="words in name, ID, accession number or description")] = None
    study_uid: str | None = None
    patient_id: str | None = None
    accession_number: str | None = None
    modality: str | None = None
    status: StudyState | None = None
    first_date: Annotated[str | None, Field(alias="from", description="study date, YYYYMMDD")] = None
    last_date: Annotated[str | None, Field(alias="to", description="study date, YYYYMMDD")] = None


@router.get("", response_model=Items[Study])
async def list_studies(web: Web, listing: Annotated[StudyListing, Query()], principal: ListReader) -> Any:
    """List studies, the last received first."""
    return await read_page(web, studies.listing, principal, listing)


@router.get("/{study_uid}/status", response_model=StudyStatus)
async def read_status(web: Web, study_uid: str, principal: StatusReader) -> Any:
    """Answer the status of a study and the number of its jobs in each state."""
    return await web.database.read(studies.status, principal.tenant, study_uid)


@router.delete("/{study_uid}", status_code=HTTPStatus.NO_CONTENT)
async def delete_study(web: Web, study_uid: str, principal: Remover) -> None:
    """Remove a study with everything that belongs to it."""
    await web.database.write(
        studies.delete_study, principal.tenant, study_uid, principal=principal.username, now=web.now()
    )
    await web.wake("events")
    # What a crash leaves behind here was noted in the transaction, and is removed at the next start.
    await asyncio.to_thread(obsolete.remove, web.archive.database, web.archive.blobs)
