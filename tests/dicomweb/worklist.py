"""UPS-RS alone on a free port: real database, real HTTP and WebSockets; no login."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from websockets.sync.client import ClientConnection, connect

from archive.attribute_lists import from_keywords
from archive.bus import bus_directory
from archive.database import AsyncDatabase, Database
from archive.local_bus import LocalBus
from archive.workitems import Performing
from dicomweb.attribute_json import to_json
from dicomweb.router import create_router
from dicomweb.services import Services
from tests.archive.workitem_data import performed, scheduled
from tests.dicomweb.conftest import everybody
from tests.prompt_server import NO_AUTHORITIES, promptly_served

JSON = {"Content-Type": "application/dicom+json"}
STATE = "00741000"
UID, LOCK = "1.2.826.0.1.3680043.8.498.41", "1.2.826.0.1.3680043.8.498.42"
GLOBAL, FILTERED = "1.2.840.10008.5.1.4.34.5", "1.2.840.10008.5.1.4.34.5.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The running service and what is behind it."""

    port: int
    http: httpx.Client
    database: Database

    def send(self, method: str, path: str, attributes: Any = None, **params: str) -> httpx.Response:
        """Send a request about workitems; `attributes` is an attribute list."""
        json = None if attributes is None else [to_json(attributes)]
        headers = JSON if attributes is not None else None
        return self.http.request(method, f"/workitems{path}", json=json, headers=headers, params=params or None)

    def shown(self, uid: str) -> Any:
        answer = self.send("GET", f"/{uid}")
        assert answer.status_code == 200, answer.text
        (found,) = answer.json()
        return found

    def channel(self, ae_title: str) -> ClientConnection:
        client: ClientConnection = connect(f"ws://127.0.0.1:{self.port}/dicom-web/subscribers/{ae_title}")
        return client


@contextmanager
def serving(database_url: str, folder: Path, performing: Performing | None = None) -> Iterator[Service]:
    """Serve UPS-RS over a database."""
    with Database(database_url) as database, closing(LocalBus(bus_directory(folder))) as bus:
        nothing: Any = None
        web_database = AsyncDatabase(database_url)
        services = Services(
            database=web_database,
            archive=nothing,
            performing=performing or Performing(),
            publish=bus.publish,
            ae_title="ISOCENTER",
        )
        app = FastAPI(openapi_url=None)
        app.include_router(create_router(everybody, services=services))
        with (
            promptly_served(app, web_database.dispose, ws="websockets-sansio") as port,
            httpx.Client(base_url=f"http://127.0.0.1:{port}/dicom-web", timeout=60, verify=NO_AUTHORITIES) as http,
        ):
            yield Service(port=port, http=http, database=database)


def create(ups: Service, uid: str = UID, **changes: Any) -> Any:
    return ups.send("POST", "", from_keywords(scheduled(**changes)), workitem=uid)


def move(ups: Service, state: str, lock: str = LOCK, uid: str = UID) -> Any:
    action = {"ProcedureStepState": state, **({"TransactionUID": lock} if lock else {})}
    return ups.send("PUT", f"/{uid}/state", from_keywords(action))


def put(ups: Service, attributes: dict[str, Any], lock: str = "", uid: str = UID) -> Any:
    return ups.send("POST", f"/{uid}", from_keywords(attributes), **({"transaction": lock} if lock else {}))


def finish(ups: Service, state: str = "COMPLETED") -> None:
    move(ups, "IN PROGRESS")
    assert put(ups, performed(), LOCK).status_code == 200
    assert move(ups, state).status_code == 200
