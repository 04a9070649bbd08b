"""The routes of objects that belong to no patient, each with the permission that it needs (PS3.18 Table 12.1.1-1)."""

from collections.abc import Awaitable, Callable, Iterator

from starlette.requests import Request
from starlette.responses import Response

from access.permissions import Permission
from access.principals import Principal
from dicomweb.non_patient import NonPatient
from dicomweb.non_patient_storing import NonPatientStore
from dicomweb.resources import NON_PATIENT, one_of
from dicomweb.services import Services

Handler = Callable[[Request, Principal], Awaitable[Response]]


def non_patient_routes(services: Services) -> Iterator[tuple[list[str], Permission, str, Handler]]:
    """Give methods, permission, path and handler of each route."""
    for path, kind in NON_PATIENT.items():
        handlers, storing, one = NonPatient(services, kind), NonPatientStore(services, kind), one_of(path)
        yield ["GET", "HEAD"], Permission.READ_IMAGES, path, handlers.search
        yield ["GET", "HEAD"], Permission.READ_IMAGES, one, handlers.retrieve
        yield ["POST"], Permission.STORE_IMAGES, path, storing.store
        yield ["POST"], Permission.STORE_IMAGES, one, storing.store
        yield ["DELETE"], Permission.DELETE_STUDIES, one, handlers.delete
