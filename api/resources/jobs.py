"""Jobs: analyses of series, with what became of them."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from access.permissions import Permission
from access.principals import Principal
from api.authorization import require
from api.dependencies import Web
from api.listing import Items, Listing, Row, read_page
from archive import jobs
from archive.job_states import JobState
from archive.pages import parse_id

router = APIRouter(prefix="/jobs", tags=["jobs"])

Reader = Annotated[Principal, Depends(require(Permission.READ_STATUS))]
Operator = Annotated[Principal, Depends(require(Permission.CONTROL_JOBS))]


class Job(Row):
    """One analyzer's work on one series. `analyzer` is empty where no analyzer takes the series."""

    id: str
    study_uid: str
    series_uid: str
    analyzer: str
    version: str
    status: JobState
    progress: int
    attempt: int
    error: str | None
    created: str
    started: str | None
    finished: str | None


class JobListing(Listing):
    """Filters of the jobs."""

    id: str | None = None
    study_uid: str | None = None
    series_uid: str | None = None
    analyzer: str | None = None
    version: str | None = None
    status: JobState | None = None
    progress: int | None = None
    attempt: int | None = None


@router.get("", response_model=Items[Job])
async def list_jobs(web: Web, listing: Annotated[JobListing, Query()], principal: Reader) -> Any:
    """List jobs, newest first."""
    return await read_page(web, jobs.listing, principal, listing)


@router.get("/{job_id}", response_model=Job)
async def read_job(web: Web, job_id: str, principal: Reader) -> Any:
    """Answer one job."""
    return await web.database.read(jobs.get, principal.tenant, parse_id(job_id))


@router.post("/{job_id}/retry", status_code=HTTPStatus.ACCEPTED, response_model=Job)
async def retry_job(web: Web, job_id: str, principal: Operator) -> Any:
    """Let a job that failed, was skipped or canceled run again, with all its attempts."""
    job = await web.database.write(
        jobs.retry, principal.tenant, parse_id(job_id), principal=principal.username, now=web.now()
    )
    await web.wake("jobs", "events")
    return job


@router.post("/{job_id}/cancel", status_code=HTTPStatus.ACCEPTED, response_model=Job)
async def cancel_job(web: Web, job_id: str, principal: Operator) -> Any:
    """Call a job off; one that is being analysed ends with its worker's next heartbeat."""
    job = await web.database.write(
        jobs.cancel, principal.tenant, parse_id(job_id), principal=principal.username, now=web.now()
    )
    await web.wake("jobs", "events")
    return job
