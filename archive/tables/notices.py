"""Tables of what is told to other nodes: results of storage commitment, and which series are available."""

from typing import Any

from sqlalchemy import JSON, Column, Float, Index, Integer, String, Table, Text, UniqueConstraint

from archive.tables.columns import key_column, metadata, tenant_column, text_column, time_column


def _outbox_columns() -> tuple[Column[Any], ...]:
    """Return what `archive.outbox` needs: attempts, the last error, when to try again, and who is at it until when."""
    return (
        Column("attempt", Integer, nullable=False, server_default="0"),
        Column("error", Text),
        Column("next_attempt", Float(53)),
        Column("worker", Text),
        Column("lease_until", Float(53)),
    )


# Requests of others for storage commitment.
commitment = Table(
    "commitment",
    metadata,
    key_column(),
    tenant_column(),
    Column("transaction_uid", String(64), nullable=False),
    Column("ae_title", String(16), nullable=False),
    # The remote AE that gets the report; blank where the requester is none.
    text_column("destination"),
    Column("status", String(16), nullable=False),
    # Lists of [SOP class, SOP instance] and, of those that are not committed, [SOP class, SOP instance, reason].
    Column("items", JSON, nullable=False),
    Column("failures", JSON, nullable=False),
    # Until then the association on which the request came waits for the report.
    time_column("here_until", nullable=True),
    *_outbox_columns(),
    time_column("created"),
    time_column("finished", nullable=True),
    UniqueConstraint("tenant", "ae_title", "transaction_uid"),
    Index(None, "status", "next_attempt"),
)

# Our own requests, so that a report on another association finds its deliveries.
commitment_asked = Table(
    "commitment_asked",
    metadata,
    Column("transaction_uid", String(64), primary_key=True),
    tenant_column(),
    Column("destination", String(64), nullable=False),
    # Delivery IDs by SOP Instance UID.
    Column("deliveries", JSON, nullable=False),
    time_column("created"),
)

# Instance availability notifications.
availability = Table(
    "availability",
    metadata,
    key_column(),
    tenant_column(),
    Column("study_uid", String(64), nullable=False),
    Column("series_uid", String(64), nullable=False),
    Column("destination", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    *_outbox_columns(),
    time_column("created"),
    time_column("finished", nullable=True),
    Index(None, "status", "next_attempt"),
)
