"""The table of retrievals: what this node asks remote AEs to send it."""

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, String, Table, Text

from archive.tables.columns import key_column, metadata, tenant_column, text_column, time_column

retrieval = Table(
    "retrieval",
    metadata,
    key_column(),
    tenant_column(),
    Column("remote_ae", String(64), nullable=False),
    Column("method", String(16), nullable=False),
    Column("study_uid", String(64), nullable=False),
    # Series Instance UIDs; none for the whole study.
    Column("series_uids", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    # Sub-operations as the peer counts them.
    Column("remaining", Integer),
    Column("completed", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("warning", Integer, nullable=False, server_default="0"),
    text_column("message"),
    Column("cancel_requested", Boolean, nullable=False, server_default="0"),
    text_column("principal"),
    # Claim: who, and until when.
    Column("worker", Text),
    Column("lease_until", Float(53)),
    time_column("created"),
    time_column("finished", nullable=True),
    Index(None, "status"),
    Index(None, "tenant", "id"),
)
