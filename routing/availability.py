"""Instance availability notification, as SCU: N-CREATE for a series that is complete, and for results (PS3.4 R)."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from pydicom import Dataset
from pydicom.uid import generate_uid

from access import remote_aes
from archive import availability
from archive.connection import Connection
from archive.results import NewResult
from archive.retrieve import StoredInstance
from archive.series_summary import SeriesSummary
from routing import dimse
from routing.dimse import CommandField, Element
from routing.errors import NoContextAccepted, WireError
from routing.exchange import responses
from routing.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from routing.peers import Peer
from routing.requestor import number_contexts, open_association

AVAILABILITY: Final = "1.2.840.10008.5.1.4.33"
# Attribute list out of range, a warning of N-CREATE: the notification was taken (PS3.7 Section 10.1.5.1.6).
_TAKEN: Final = frozenset({0x0000, 0x0107, 0x0116})


class Availability:
    """Queues notifications, in the transaction that completes a series or records a result.

    Parameters
    ----------
    clock
        Seconds since the epoch.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock

    def series(self, connection: Connection, summary: SeriesSummary) -> None:
        """Queue what remote AEs with `availability = true` are to be told of a received series."""
        self._queue(connection, summary.tenant, summary.study_instance_uid, summary.series_instance_uid)

    def result(self, connection: Connection, tenant: str, result: NewResult) -> None:
        """Queue what they are to be told of the series of a result: it is complete with what is in it."""
        self._queue(connection, tenant, result.study_uid, result.series_uid)

    def _queue(self, connection: Connection, tenant: str, study_uid: str, series_uid: str) -> None:
        availability.enqueue(
            connection,
            tenant,
            study_uid=study_uid,
            series_uid=series_uid,
            destinations=[ae.name for ae in remote_aes.everyone(connection) if ae.availability and ae.tenant == tenant],
            now=self._clock(),
        )


def notify(peer: Peer, instances: Sequence[StoredInstance]) -> None:
    """Tell `peer` that the instances of one series are here.

    Raises
    ------
    WireError
        When it does not take the notification; its text says why.
    """
    syntaxes = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
    try:
        association = open_association(peer, number_contexts([(AVAILABILITY, syntaxes)]))
    except NoContextAccepted:
        raise NoContextAccepted("the peer does not accept Instance Availability Notification") from None
    command = dimse.request(CommandField.N_CREATE, association.next_message_id(), data_set=True)
    command[Element.AFFECTED_SOP_CLASS_UID] = AVAILABILITY
    command[Element.AFFECTED_SOP_INSTANCE_UID] = str(generate_uid())
    try:
        context = next(iter(association.contexts.values()))
        notification = _notification(instances, peer.calling_ae_title)
        status = next(status for status, _, _ in responses(association, context, command, notification))
    except WireError:
        association.abort()
        raise
    association.release()
    if status not in _TAKEN:
        raise WireError(f"N-CREATE answered with status {status:04X}H")


def _notification(instances: Sequence[StoredInstance], ae_title: str) -> Dataset:
    """Fill PS3.4 Table R.3.2-1: one study, one series, each instance with where it can be had."""
    series = Dataset()
    series.SeriesInstanceUID = str(instances[0].series_instance_uid)
    series.ReferencedSOPSequence = [_available(instance, ae_title) for instance in instances]
    dataset = Dataset()
    # Type 2: which performed procedure step made the series is not known here.
    dataset.ReferencedPerformedProcedureStepSequence = []
    dataset.StudyInstanceUID = str(instances[0].study_instance_uid)
    dataset.ReferencedSeriesSequence = [series]
    return dataset


def _available(instance: StoredInstance, ae_title: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = str(instance.sop_class_uid)
    item.ReferencedSOPInstanceUID = str(instance.sop_instance_uid)
    item.InstanceAvailability = "ONLINE"
    item.RetrieveAETitle = ae_title
    return item
