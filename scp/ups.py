"""Unified procedure steps by DIMSE: N-CREATE, N-SET, N-GET and the N-ACTIONs of UPS Push, Pull and Watch (PS3.4 CC)."""

import time
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from archive import workitem_search, workitem_subscriptions, workitems
from archive.attribute_lists import AttributeList, key, text
from archive.bus import Bus
from archive.connection import Connection
from archive.database import Database
from archive.errors import NodeError
from archive.procedure_rules import ValueMissing
from archive.scheduling_query import Found
from archive.uids import is_valid_uid
from archive.workitem_attributes import SUPPORTED
from archive.workitem_errors import SubscriberUnknown
from archive.workitem_search import Source
from archive.workitem_states import Channel, Outcome
from archive.workitems import Performing
from routing.association import Message
from routing.dimse import CommandField, Element, number
from scp.attribute_find import AttributeFind
from scp.attribute_requests import InvalidUid, answer_attributes, attributes_of, uid_of, with_uid
from scp.contexts import UPS_QUERY_CLASSES, UPS_REQUEST_CLASSES
from scp.session import Session
from scp.statuses import Status
from scp.ups_statuses import status_of, status_of_error

_log = structlog.get_logger()
# Action Type IDs, PS3.4 Table CC.2-1.
CHANGE_STATE: Final = 1
REQUEST_CANCEL: Final = 2
SUBSCRIBE: Final = 3
UNSUBSCRIBE: Final = 4
SUSPEND: Final = 5
_ABOUT_SUBSCRIPTION: Final = frozenset({key("ReceivingAE"), key("DeletionLock"), key("RequestingAE")})


class NoSuchAction(NodeError):
    """There is no such Action Type."""


class KnowsSubscribers(Protocol):
    """Knows the remote AEs."""

    def find(self, tenant: str, ae_title: str) -> object | None:
        """Find a configured AE by its title."""


class WorkitemQuery(AttributeFind):
    """C-FIND of workitems (PS3.4 Section CC.2.8).

    Parameters
    ----------
    database
        Where they are.
    source
        Where their instances are fetched from.
    """

    verb = "ups"

    def __init__(self, database: Database, source: Source) -> None:
        super().__init__(database, _SearchFor(source), SUPPORTED)

    def serves(self, abstract_syntax: str) -> bool:
        """Serve UPS Pull, Watch and Query."""
        return abstract_syntax in UPS_QUERY_CLASSES


class _SearchFor:
    """Lists the instances of a step only for who asks for its input: there may be thousands."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def __call__(self, connection: Connection, tenant: str, keys: AttributeList, *, after: int = 0) -> Found:
        wanted = (
            key("InputInformationSequence") in keys or key("UnifiedProcedureStepPerformedProcedureSequence") in keys
        )
        source = self._source if wanted else None
        return workitem_search.page(connection, tenant, keys, after=after, source=source)


class Workitems:
    """The service of all requests about workitems but queries.

    Parameters
    ----------
    database, bus
        Where workitems are kept, and whom to wake.
    subscribers
        The AEs that reports can be sent to.
    performing
        What others may do with the jobs of this node.
    source
        Where instances are fetched from.
    clock
        Seconds since the epoch.
    """

    verb = "ups"

    def __init__(
        self,
        database: Database,
        bus: Bus,
        subscribers: KnowsSubscribers,
        *,
        performing: Performing,
        source: Source,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._bus = bus
        self._subscribers = subscribers
        self._performing = performing
        self._source = source
        self._clock = clock

    def serves(self, abstract_syntax: str) -> bool:
        """Serve UPS Push, Pull and Watch."""
        return abstract_syntax in UPS_REQUEST_CLASSES

    def handle(self, session: Session, message: Message) -> None:
        """Carry out one request and answer it."""
        message = with_uid(message)
        field = number(message.command, Element.COMMAND_FIELD)
        try:
            if field == CommandField.N_GET:
                found = self._database.read(workitem_search.get, session.caller.tenant, uid_of(message), self._source)
                answer_attributes(session, message, found, SUPPORTED)
                return
            outcome = self._carry_out(session, message, CommandField(field))
        except NodeError as error:
            self._refuse(session, message, error)
        else:
            session.answer(message, status_of(outcome))
            for topic in ("events", "notices", "jobs", "deliveries"):
                self._bus.publish(topic)

    def _refuse(self, session: Session, message: Message, error: NodeError) -> None:
        session.association.discard()
        _log.info("workitem_refused", association=session.association_id, reason=type(error).__name__)
        if isinstance(error, NoSuchAction):
            session.answer(message, Status.NO_SUCH_ACTION)
        else:
            session.answer(message, status_of_error(error), comment=error.detail or str(error))

    def _carry_out(self, session: Session, message: Message, field: CommandField) -> Outcome:
        attributes, uid = attributes_of(session, message), uid_of(message)
        caller, now = session.caller, self._clock()
        _log.info("workitem_request", association=session.association_id, request=field.name, sop_instance_uid=uid)
        if field == CommandField.N_ACTION:
            return self._act(session, number(message.command, Element.ACTION_TYPE_ID), uid, attributes)
        if field == CommandField.N_SET:
            return self._database.write(workitems.change, caller.tenant, uid, attributes, self._performing, now=now)
        if not is_valid_uid(uid):
            raise InvalidUid
        return self._database.write(
            workitems.create, caller.tenant, uid, attributes, principal=caller.calling_ae_title, now=now
        )

    def _act(self, session: Session, action: int, uid: str, information: AttributeList) -> Outcome:
        caller, now = session.caller, self._clock()
        if action == CHANGE_STATE:
            return self._database.write(
                workitems.change_state,
                caller.tenant,
                uid,
                information,
                self._performing,
                principal=caller.calling_ae_title,
                now=now,
            )
        if action == REQUEST_CANCEL:
            return self._database.write(
                workitems.request_cancel,
                caller.tenant,
                uid,
                information,
                requesting_ae=caller.calling_ae_title,
                now=now,
            )
        return self._subscription(caller.tenant, action, uid, information)

    def _subscription(self, tenant: str, action: int, uid: str, information: AttributeList) -> Outcome:
        if action not in {SUBSCRIBE, UNSUBSCRIBE, SUSPEND}:
            raise NoSuchAction
        ae_title = text(information, "ReceivingAE")
        if not ae_title:
            raise ValueMissing("ReceivingAE has no value.")
        if action == SUBSCRIBE:
            return self._subscribe(tenant, uid, ae_title, information)
        function = workitem_subscriptions.unsubscribe if action == UNSUBSCRIBE else workitem_subscriptions.suspend
        self._database.write(function, tenant, uid, ae_title, Channel.DIMSE)
        return Outcome.DONE

    def _subscribe(self, tenant: str, uid: str, ae_title: str, information: AttributeList) -> Outcome:
        if self._subscribers.find(tenant, ae_title) is None:
            raise SubscriberUnknown
        return self._database.write(
            workitem_subscriptions.subscribe,
            tenant,
            uid,
            ae_title,
            Channel.DIMSE,
            deletion_lock=text(information, "DeletionLock") == "TRUE",
            keys={name: row for name, row in information.items() if name not in _ABOUT_SUBSCRIPTION},
            now=self._clock(),
        )
