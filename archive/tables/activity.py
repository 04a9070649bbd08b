"""Tables of what happens: associations, audit records, events."""

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from archive.tables.columns import Key, key_column, metadata, tenant_column, text_column, time_column

association = Table(
    "association",
    metadata,
    key_column(),
    tenant_column(),
    Column("state", String(16), nullable=False),
    Column("calling_ae_title", Text, nullable=False),
    Column("called_ae_title", Text, nullable=False),
    Column("address", Text, nullable=False),
    text_column("reason"),
    # How many refusals this row stands for: a peer that knocks without pause gets one row a second.
    Column("count", Integer, nullable=False, server_default="1"),
    # The listener process that holds it, and when that last said so: an open row of a dead process is not open.
    text_column("listener"),
    time_column("time"),
    time_column("last_seen"),
    time_column("ended", nullable=True),
    Index(None, "state", "time"),
)

audit = Table(
    "audit",
    metadata,
    key_column(),
    tenant_column(),
    time_column("time"),
    Column("action", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    text_column("principal"),
    text_column("address"),
    text_column("study_uid"),
    Column("detail", JSON, nullable=False),
    Index(None, "tenant", "time"),
)

event = Table(
    "event",
    metadata,
    Column("seq", Key, primary_key=True, autoincrement=True),
    tenant_column(),
    time_column("time"),
    Column("type", String(32), nullable=False),
    Column("study_uid", String(64)),
    Column("series_uid", String(64)),
    Column("job_id", Key),
    Column("data", JSON, nullable=False),
    Index(None, "tenant", "seq"),
    sqlite_autoincrement=True,
)
