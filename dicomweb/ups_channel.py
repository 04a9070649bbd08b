"""The WebSocket of a subscriber: event reports about workitems as JSON (PS3.18 Sections 8.10.4 and 11.13)."""

import asyncio
import contextlib
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from access.principals import Principal
from archive import workitem_reports, workitem_subscriptions
from archive.errors import DatabaseUnavailable
from archive.workitem_reports import Report
from archive.workitem_states import Channel
from dicomweb.attribute_json import to_json
from dicomweb.services import Services

_EVENT_CLASS: Final = "1.2.840.10008.5.1.4.34.6.4"
_N_EVENT_REPORT: Final = 0x0100
_HAS_DATA_SET: Final = 0
_MOST_MESSAGES: Final = 0xFFFF
_LOOK_SECONDS: Final = 0.25
_SEND_SECONDS: Final = 20.0
# Credentials are checked when a connection is opened: after so long it must be opened again.
_LONGEST_SECONDS: Final = 3_600.0
_TRY_AGAIN: Final = 1013
_GOING_AWAY: Final = 1001


class UpsChannel:
    """Serves subscribers.

    Parameters
    ----------
    services
        What it works with.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def follow(self, socket: WebSocket, principal: Principal) -> None:
        """Send a subscriber its reports, in order, until either side has had enough.

        Reports that were written while no connection was open come first. One is noted as sent when the connection
        took it, so that after a loss it may come twice, but not be missing.
        """
        await socket.accept()
        with self._services.ending.waits_for_me():
            await self._follow(socket, principal.tenant, str(socket.path_params["ae_title"]).strip())

    async def _follow(self, socket: WebSocket, tenant: str, ae_title: str) -> None:
        tasks = [
            asyncio.create_task(self._send(socket, tenant, ae_title)),
            asyncio.create_task(_until_gone(socket)),
        ]
        done, left = await asyncio.wait(tasks, timeout=_LONGEST_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if tasks[1] not in done:
            with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
                async with asyncio.timeout(_SEND_SECONDS):
                    await socket.close(_GOING_AWAY if _is_through(tasks[0]) else _TRY_AGAIN)

    async def _send(self, socket: WebSocket, tenant: str, ae_title: str) -> None:
        """Send reports until the process ends; that it ends is the last."""
        number = await self._send_reports(socket, tenant, ae_title)
        with contextlib.suppress(DatabaseUnavailable):
            found = await self._services.database.read(workitem_subscriptions.subscribers)
            if (tenant, ae_title, Channel.WEBSOCKET) in found:
                report = workitem_subscriptions.going_down(tenant, ae_title)
                await socket.send_json(event_report(report, number % _MOST_MESSAGES + 1))

    async def _send_reports(self, socket: WebSocket, tenant: str, ae_title: str) -> int:
        number, ends = 0, False
        while not ends:
            with contextlib.suppress(DatabaseUnavailable):
                reports = await self._services.database.read(
                    workitem_reports.waiting, tenant, ae_title, Channel.WEBSOCKET
                )
                for report in reports:
                    number = number % _MOST_MESSAGES + 1
                    async with asyncio.timeout(_SEND_SECONDS):
                        await socket.send_json(event_report(report, number))
                if reports:
                    sent = [report.id for report in reports]
                    await self._services.database.write(workitem_reports.mark_sent, sent, now=self._services.now())
                    continue
            ends = await self._services.ending.comes_within(_LOOK_SECONDS)
        return number


def event_report(report: Report, number: int) -> dict[str, Any]:
    """Write a report with the elements of its command (PS3.18 Section 11.13)."""
    command = {
        "00000002": {"vr": "UI", "Value": [_EVENT_CLASS]},
        "00000100": {"vr": "US", "Value": [_N_EVENT_REPORT]},
        "00000110": {"vr": "US", "Value": [number]},
        "00000800": {"vr": "US", "Value": [_HAS_DATA_SET]},
        "00001000": {"vr": "UI", "Value": [report.sop_instance_uid]},
        "00001002": {"vr": "US", "Value": [report.event_type]},
    }
    return {**command, **to_json(report.information)}


def _is_through(sending: "asyncio.Task[None]") -> bool:
    """Tell whether all was said, that the process ends too."""
    return sending.done() and not sending.cancelled() and sending.exception() is None


async def _until_gone(socket: WebSocket) -> None:
    """Wait for the end; a subscriber has nothing to say, and what it says all the same is forgotten."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
