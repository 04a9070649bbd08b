"""Tables of procedures: what is scheduled at modalities, and what these say they performed."""

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from archive.tables.columns import Key, key_column, metadata, tenant_column, text_column, time_column

# One row a scheduled procedure step. The columns beside `attributes` repeat what is filtered by.
worklist_entry = Table(
    "worklist_entry",
    metadata,
    key_column(),
    tenant_column(),
    Column("source", String(16), nullable=False),  # "api", "file" or "order"
    # The file it is from, and the number of the step in it; null for entries made by the API.
    Column("file_name", Text),
    Column("file_step", Integer),
    # The numbers of the order it is from, with who gave them; null for other entries.
    Column("placer_order", Text),
    Column("filler_order", Text),
    Column("state", String(16), nullable=False),
    Column("study_uid", String(64), nullable=False),
    text_column("step_id"),
    text_column("accession_number"),
    text_column("patient_id"),
    text_column("patient_id_match"),
    text_column("modality"),
    text_column("start_date"),
    Column("attributes", JSON, nullable=False),
    time_column("created"),
    time_column("updated"),
    UniqueConstraint("tenant", "file_name", "file_step"),
    Index(None, "tenant", "state", "start_date"),
    Index(None, "tenant", "study_uid"),
    Index(None, "tenant", "patient_id_match"),
    Index(None, "tenant", "placer_order"),
    Index(None, "tenant", "filler_order"),
)

# What modalities say by MPPS: one row a SOP instance.
procedure_step = Table(
    "procedure_step",
    metadata,
    key_column(),
    tenant_column(),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("study_uid", String(64), nullable=False),
    text_column("modality"),
    text_column("station_ae_title"),
    text_column("accession_number"),
    # The AE that reported it.
    text_column("calling_ae_title"),
    Column("attributes", JSON, nullable=False),
    time_column("created"),
    time_column("updated"),
    UniqueConstraint("tenant", "sop_instance_uid"),
    Index(None, "tenant", "study_uid"),
)

# The instances that a completed step lists: a series that has all of them need not be waited for.
performed_instance = Table(
    "performed_instance",
    metadata,
    key_column(),
    tenant_column(),
    Column("procedure_step_id", Key, ForeignKey("procedure_step.id", ondelete="CASCADE"), nullable=False),
    Column("series_uid", String(64), nullable=False),
    Column("sop_instance_uid", String(64), nullable=False),
    UniqueConstraint("tenant", "series_uid", "sop_instance_uid"),
    Index(None, "procedure_step_id"),
)
