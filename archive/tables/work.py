"""Tables of the work to do: jobs, their results, deliveries."""

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text, UniqueConstraint

from archive.tables.columns import Key, key_column, metadata, tenant_column, text_column, time_column

job = Table(
    "job",
    metadata,
    key_column(),
    tenant_column(),
    Column("study_uid", String(64), nullable=False),
    Column("series_uid", String(64), nullable=False),
    Column("series_id", Key, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("analyzer", String(128), nullable=False),
    Column("version", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("progress", Integer, nullable=False, server_default="0"),
    text_column("progress_text"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("not_before", Float(53), nullable=False, server_default="0"),
    # Claim: who, until when, and the fencing token that every later write repeats.
    Column("worker", Text),
    Column("lease_until", Float(53)),
    Column("token", Integer, nullable=False, server_default="0"),
    Column("cancel_requested", Boolean, nullable=False, server_default="0"),
    time_column("created"),
    time_column("started", nullable=True),
    time_column("finished", nullable=True),
    UniqueConstraint("tenant", "series_id", "generation", "analyzer"),
    Index(None, "status", "not_before"),
    Index(None, "tenant", "study_uid"),
)

result = Table(
    "result",
    metadata,
    key_column(),
    tenant_column(),
    Column("job_id", Key),
    Column("study_uid", String(64), nullable=False),
    Column("series_uid", String(64), nullable=False),
    # The series the result speaks about (a result's own series is `series_uid`).
    Column("analyzed_series_uid", String(64), nullable=False),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("sop_class_uid", String(64), nullable=False),
    Column("modality", String(16), nullable=False),
    Column("analyzer", String(128), nullable=False),
    Column("version", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("predecessor_uid", String(64)),
    text_column("comment"),
    text_column("decided_by"),
    time_column("created"),
    UniqueConstraint("tenant", "sop_instance_uid"),
    Index(None, "tenant", "study_uid"),
    Index(None, "job_id"),
)

delivery = Table(
    "delivery",
    metadata,
    key_column(),
    tenant_column(),
    Column("study_uid", String(64), nullable=False),
    Column("series_uid", String(64), nullable=False),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("destination", String(64), nullable=False),
    # Why it is sent: "return", "results", a route's name, or "manual".
    text_column("cause"),
    Column("status", String(16), nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("next_attempt", Float(53)),
    Column("worker", Text),
    Column("lease_until", Float(53)),
    time_column("created"),
    time_column("sent", nullable=True),
    UniqueConstraint("tenant", "sop_instance_uid", "destination"),
    Index(None, "status", "destination", "next_attempt"),
    Index(None, "tenant", "study_uid"),
)
