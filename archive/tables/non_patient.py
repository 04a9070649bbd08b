"""Table of what belongs to no patient: colour palettes, hanging protocols and the like."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, UniqueConstraint

from archive.tables.columns import key_column, metadata, tenant_column, text_column, time_column

non_patient_instance = Table(
    "non_patient_instance",
    metadata,
    key_column(),
    tenant_column(),
    Column("sop_class_uid", String(64), nullable=False),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("transfer_syntax_uid", String(64), nullable=False),
    # What it is found by: an attribute list.
    Column("attributes", JSON, nullable=False),
    Column("blob_key", String(128), nullable=False),
    Column("data_offset", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content_hash", String(64), nullable=False),
    text_column("source"),
    time_column("received"),
    UniqueConstraint("tenant", "sop_instance_uid"),
    Index(None, "tenant", "sop_class_uid", "id"),
    Index(None, "blob_key"),
    sqlite_autoincrement=True,
)
