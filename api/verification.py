"""A person accepts a report: the node writes a new one that says so, and keeps it like any other object."""

import asyncio
import io
from datetime import UTC, datetime
from typing import Any

import pydicom

from access.principals import Principal
from analysis.results.acceptance import accept
from api.dependencies import WebDependencies
from archive import results, retrieve
from archive.errors import NotFound
from archive.origin import Origin, OriginKind
from archive.part10 import Part10Spool
from archive.results import VerifiedReport
from archive.retrieve import StoredInstance


async def verify(web: WebDependencies, principal: Principal, result_id: int, comment: str) -> dict[str, Any]:
    """Make the verified report of a result, and record the decision.

    Returns
    -------
    dict
        The new result.

    Raises
    ------
    NotFound
        There is no such result, or its object is gone.
    Conflict
        It is no report, or was decided upon already.
    """
    # One at a time: of two people who accept at once, the second learns it before a report in their name is made.
    async with web.deciding:
        result = await web.database.read(results.acceptable, principal.tenant, result_id)
        stored = await web.database.read(
            retrieve.instances, principal.tenant, sop_uids=[result["sop_instance_uid"]], include_hidden=True
        )
        if not stored:
            raise NotFound("The report is not in the archive.")
        return await _record(web, principal, result, stored[0], comment)


async def _record(
    web: WebDependencies, principal: Principal, result: dict[str, Any], stored: StoredInstance, comment: str
) -> dict[str, Any]:
    now = web.now()
    origin = Origin(
        kind=OriginKind.ANALYSIS,
        tenant=principal.tenant,
        principal=principal.username,
        job_id=_number(result["job_id"]),
    )
    report = await asyncio.to_thread(_keep, web, stored, principal.name, now, origin)
    return await web.database.write(
        results.accept,
        principal.tenant,
        int(result["id"]),
        report,
        principal=principal.username,
        now=now,
        comment=comment,
        deliver=web.deliver,
    )


def _keep(web: WebDependencies, stored: StoredInstance, person_name: str, now: float, origin: Origin) -> VerifiedReport:
    report = pydicom.dcmread(web.archive.blobs.path(stored.key))
    verified = accept(report, person_name=person_name, time=datetime.fromtimestamp(now, UTC))
    file = io.BytesIO()
    verified.save_as(file, enforce_file_format=True)
    spool = Part10Spool(web.archive)
    try:
        spool.write(file.getvalue())
    except BaseException:
        spool.discard()
        raise
    web.archive.receive(spool.finish(), origin)
    return VerifiedReport(
        series_uid=str(verified.SeriesInstanceUID),
        sop_instance_uid=str(verified.SOPInstanceUID),
        sop_class_uid=str(verified.SOPClassUID),
    )


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
