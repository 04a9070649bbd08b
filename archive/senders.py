"""Who sent the instances of a series."""

from collections import defaultdict

from sqlalchemy import Connection, select

from archive.tables import instance


def by_sender(connection: Connection, tenant: str, study_uid: str, series_uid: str) -> dict[str, list[str]]:
    """Return the SOP Instance UIDs of a series' visible instances by the calling AE title they came from.

    What came by another door than DIMSE is under the empty title.
    """
    statement = (
        select(instance.c.source_ae_title, instance.c.sop_instance_uid)
        .where(
            instance.c.tenant == tenant,
            instance.c.study_instance_uid == study_uid,
            instance.c.series_instance_uid == series_uid,
            instance.c.hidden.is_(False),
        )
        .order_by(instance.c.id)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for sender, sop_instance_uid in connection.execute(statement):
        found[sender].append(sop_instance_uid)
    return dict(found)
