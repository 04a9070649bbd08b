"""Tables of unified procedure steps (PS3.4 Annex CC): workitems, who watches them, and what watchers are told."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from archive.tables.columns import Key, key_column, metadata, tenant_column, text_column, time_column

workitem = Table(
    "workitem",
    metadata,
    key_column(),
    tenant_column(),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    # The lock of whoever performs it (PS3.4 Section CC.1.1); blank while nobody does, or this node itself.
    Column("transaction_uid", String(64), nullable=False, server_default=""),
    # AE title or user of who claimed it.
    text_column("performer"),
    # The job that it shows, and the analyzer and the series that it asks for where there is no job yet.
    Column("job_id", Key),
    text_column("analyzer"),
    text_column("study_uid"),
    text_column("series_uid"),
    text_column("patient_id_match"),
    Column("attributes", JSON, nullable=False),
    time_column("created"),
    time_column("updated"),
    time_column("finished", nullable=True),
    UniqueConstraint("tenant", "sop_instance_uid"),
    Index(None, "tenant", "state"),
    Index(None, "tenant", "patient_id_match"),
    Index(None, "job_id"),
    Index(None, "state", "analyzer"),
)

# Who is told of one workitem; `channel` says how: by N-EVENT-REPORT or over a WebSocket.
workitem_subscription = Table(
    "workitem_subscription",
    metadata,
    key_column(),
    tenant_column(),
    Column("workitem_id", Key, ForeignKey("workitem.id", ondelete="CASCADE"), nullable=False),
    Column("ae_title", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("deletion_lock", Boolean, nullable=False),
    UniqueConstraint("workitem_id", "ae_title", "channel"),
    Index(None, "tenant", "ae_title"),
)

# Who is subscribed to workitems to come: all, or those that match `keys` where these are not null.
workitem_watch = Table(
    "workitem_watch",
    metadata,
    key_column(),
    tenant_column(),
    Column("ae_title", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("deletion_lock", Boolean, nullable=False),
    Column("keys", JSON),
    UniqueConstraint("tenant", "ae_title", "channel"),
)

# Event reports on their way.
workitem_report = Table(
    "workitem_report",
    metadata,
    key_column(),
    tenant_column(),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("ae_title", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("event_type", Integer, nullable=False),
    Column("information", JSON, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("next_attempt", Float(53)),
    Column("worker", Text),
    Column("lease_until", Float(53)),
    time_column("created"),
    time_column("finished", nullable=True),
    Index(None, "status", "channel", "tenant", "ae_title"),
)
