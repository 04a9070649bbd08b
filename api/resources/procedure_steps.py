"""Performed procedure steps, as modalities reported them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Items, Listing, Row, read_page
from archive import procedure_steps

router = APIRouter(prefix="/procedure-steps", tags=["procedure steps"])

Reader = Annotated[Principal, Depends(require(Permission.READ_WORKLIST))]
State = Literal["IN PROGRESS", "COMPLETED", "DISCONTINUED"]


class ProcedureStep(Row):
    """A step that a modality performs or performed."""

    id: str
    sop_instance_uid: str
    state: State
    study_uid: str
    modality: str
    station_ae_title: str
    accession_number: str
    calling_ae_title: str
    patient_id: str
    series: list[str]
    instances: int
    attributes: dict[str, Any]
    created: str
    updated: str


class ProcedureStepListing(Listing):
    """Filters of the steps."""

    id: str | None = None
    sop_instance_uid: str | None = None
    state: State | None = None
    study_uid: str | None = None
    modality: str | None = None
    station_ae_title: str | None = None
    accession_number: str | None = None


@router.get("", response_model=Items[ProcedureStep])
async def list_procedure_steps(web: Web, listing: Annotated[ProcedureStepListing, Query()], principal: Reader) -> Any:
    """List steps, newest first."""
    return await read_page(web, procedure_steps.listing, principal, listing)
