"""DELETE of a study, a series or an instance: an extension that the standard does not have, for administrators.

It is recorded in the audit trail. What is deleted is gone: rows, files, jobs and results.
"""

import asyncio
import time
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from access.principals import Principal
from archive import obsolete
from archive.partial_deletion import delete_part
from archive.study_deletion import delete_study
from dicomweb.locating import locate
from dicomweb.services import Services


class Deleting:
    """The handler of DELETE at every level.

    Parameters
    ----------
    services
        What it works with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def delete(self, request: Request, principal: Principal) -> Response:
        """Delete what the path names."""
        path = request.path_params
        # What is not there, or not shown, is not found here either.
        await locate(self._services, principal.tenant, path)
        write, tenant, study_uid = self._services.database.write, principal.tenant, path["study_uid"]
        if "series_uid" in path:
            part = (study_uid, path["series_uid"], path.get("sop_uid"))
            await write(delete_part, tenant, *part, principal=principal.username, now=time.time())
        else:
            await write(delete_study, tenant, study_uid, principal=principal.username, now=time.time())
        archive = self._services.archive
        # What a crash leaves behind here was noted in the transaction, and is removed at the next start.
        await asyncio.to_thread(obsolete.remove, archive.database, archive.blobs)
        return Response(status_code=HTTPStatus.NO_CONTENT)
