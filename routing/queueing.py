"""Deliveries that follow from rules, written in the transaction of what they follow from."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from access import remote_aes
from archive import deliveries, routes, senders
from archive.connection import Connection
from archive.errors import NotFound
from archive.results import NewResult
from archive.series_summary import SeriesSummary, find_summary
from routing.rules import Rule, Subject, destinations


class Queueing:
    """Asks the rules about what came or was made, and queues it.

    Parameters
    ----------
    return_to_sender
        Whether results go back to the AE that sent the images (`analysis.return_to_sender`).
    clock
        Seconds since the epoch.
    """

    def __init__(self, *, return_to_sender: bool, clock: Callable[[], float] = time.time) -> None:
        self._return_to_sender = return_to_sender
        self._clock = clock

    def series(self, connection: Connection, summary: SeriesSummary) -> None:
        """Queue the instances of a series that is complete; what was queued before stays as it is."""
        study_uid, series_uid = summary.study_instance_uid, summary.series_instance_uid
        sent_by = senders.by_sender(connection, summary.tenant, study_uid, series_uid)
        for sender, sop_instance_uids in sent_by.items():
            subject = replace(_subject_of(summary), sender=sender)
            for name, cause in self._decide(connection, summary.tenant, [subject]).items():
                self._enqueue(
                    connection, summary.tenant, study_uid, series_uid, sop_instance_uids, destination=name, cause=cause
                )

    def result(self, connection: Connection, tenant: str, result: NewResult) -> None:
        """Queue a result that was just recorded."""
        subject = Subject(kind="results", modality=result.modality, sop_class=result.sop_class_uid)
        try:
            images = find_summary(connection, tenant, result.study_uid, result.analyzed_series_uid)
        except NotFound:
            # The images are deleted: there is no sender left, but whoever gets every result gets this one too.
            subjects = [subject]
        else:
            subject = replace(
                subject,
                body_part=images.body_part_examined,
                station=images.station_name,
                study_description=images.study_description,
                series_description=images.series_description,
            )
            subjects = [replace(subject, sender=sender) for sender in images.source_ae_titles or ("",)]
        for name, cause in self._decide(connection, tenant, subjects).items():
            self._enqueue(
                connection,
                tenant,
                result.study_uid,
                result.series_uid,
                [result.sop_instance_uid],
                destination=name,
                cause=cause,
            )

    def _decide(self, connection: Connection, tenant: str, subjects: Iterable[Subject]) -> dict[str, str]:
        rules = [Rule.parse(route.name, route.rule) for route in routes.enabled(connection, tenant)]
        peers = [ae for ae in remote_aes.everyone(connection) if ae.tenant == tenant]
        chosen: dict[str, str] = {}
        for subject in subjects:
            decided = destinations(subject, rules, peers, return_to_sender=self._return_to_sender)
            chosen = {**decided, **chosen}
        return chosen

    def _enqueue(
        self,
        connection: Connection,
        tenant: str,
        study_uid: str,
        series_uid: str,
        sop_instance_uids: Sequence[str],
        *,
        destination: str,
        cause: str,
    ) -> None:
        deliveries.enqueue(
            connection,
            tenant,
            study_uid=study_uid,
            series_uid=series_uid,
            sop_instance_uids=sop_instance_uids,
            destination=destination,
            cause=cause,
            now=self._clock(),
        )


def _subject_of(summary: SeriesSummary) -> Subject:
    return Subject(
        kind="images",
        modality=summary.modality,
        sop_class=summary.sop_class_uid,
        body_part=summary.body_part_examined,
        station=summary.station_name,
        study_description=summary.study_description,
        series_description=summary.series_description,
    )
