"""All tables, one MetaData, the same for SQLite and PostgreSQL."""

from archive.tables.activity import association, audit, event
from archive.tables.columns import metadata
from archive.tables.configuration import apikey, fact, remote_ae, route, session, user
from archive.tables.index import arrival, instance, obsolete_blob, quarantine, series, series_association, study
from archive.tables.non_patient import non_patient_instance
from archive.tables.notices import availability, commitment, commitment_asked
from archive.tables.procedures import performed_instance, procedure_step, worklist_entry
from archive.tables.retrievals import retrieval
from archive.tables.series_metadata import series_metadata
from archive.tables.work import delivery, job, result
from archive.tables.workitems import workitem, workitem_report, workitem_subscription, workitem_watch

__all__ = [
    "apikey",
    "arrival",
    "association",
    "audit",
    "availability",
    "commitment",
    "commitment_asked",
    "delivery",
    "event",
    "fact",
    "instance",
    "job",
    "metadata",
    "non_patient_instance",
    "obsolete_blob",
    "performed_instance",
    "procedure_step",
    "quarantine",
    "remote_ae",
    "result",
    "retrieval",
    "route",
    "series",
    "series_association",
    "series_metadata",
    "session",
    "study",
    "user",
    "workitem",
    "workitem_report",
    "workitem_subscription",
    "workitem_watch",
    "worklist_entry",
]
