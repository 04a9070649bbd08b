"""Tables of the index: studies, series, instances, their files, and what arrived.

Attribute columns are named after DICOM keywords in snake case and hold text as decoded from the data set's
character set; `*_match` columns hold the form that matching compares (see `archive.matching`).
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from archive.tables.columns import Key, key_column, looked_up_column, metadata, tenant_column, text_column, time_column

study = Table(
    "study",
    metadata,
    key_column(),
    tenant_column(),
    Column("study_instance_uid", String(64), nullable=False),
    # Patient ID and issuer joined; the Study Instance UID where there is no Patient ID, so that nameless patients
    # are not taken for one person.
    Column("patient_key", Text, nullable=False),
    text_column("patient_id"),
    looked_up_column("patient_id_match"),
    text_column("issuer_of_patient_id"),
    text_column("patient_name"),
    looked_up_column("patient_name_match"),
    text_column("patient_birth_date"),
    text_column("patient_birth_time"),
    text_column("patient_sex"),
    text_column("patient_age"),
    text_column("patient_size"),
    text_column("patient_weight"),
    text_column("other_patient_ids"),
    text_column("ethnic_group"),
    text_column("occupation"),
    text_column("additional_patient_history"),
    text_column("patient_comments"),
    text_column("study_date"),
    text_column("study_time"),
    text_column("accession_number"),
    looked_up_column("accession_number_match"),
    text_column("study_id"),
    text_column("study_description"),
    text_column("study_description_match"),
    text_column("referring_physician_name"),
    text_column("referring_physician_name_match"),
    text_column("name_of_physicians_reading_study"),
    text_column("admitting_diagnoses_description"),
    text_column("timezone_offset_from_utc"),
    # The roll-up of interfaces.md: RECEIVING, PENDING, ANALYZING, COMPLETE, PARTIAL, FAILED, SKIPPED.
    Column("status", String(16), nullable=False, server_default="RECEIVING"),
    time_column("created"),
    time_column("updated"),
    UniqueConstraint("tenant", "study_instance_uid"),
    Index(None, "tenant", "patient_key"),
    Index(None, "tenant", "patient_id_match"),
    Index(None, "tenant", "patient_name_match"),
    Index(None, "tenant", "study_date", "study_time"),
    Index(None, "tenant", "accession_number_match"),
    # Keys are never used again: processes remember them, jobs refer to them.
    sqlite_autoincrement=True,
)

series = Table(
    "series",
    metadata,
    key_column(),
    tenant_column(),
    Column("study_id", Key, ForeignKey("study.id", ondelete="CASCADE"), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("series_instance_uid", String(64), nullable=False),
    text_column("modality"),
    text_column("series_number"),
    text_column("series_description"),
    text_column("series_description_match"),
    text_column("series_date"),
    text_column("series_time"),
    text_column("body_part_examined"),
    text_column("laterality"),
    text_column("protocol_name"),
    text_column("patient_position"),
    text_column("frame_of_reference_uid"),
    text_column("manufacturer"),
    text_column("manufacturer_model_name"),
    text_column("institution_name"),
    text_column("institutional_department_name"),
    text_column("station_name"),
    text_column("performing_physician_name"),
    text_column("performing_physician_name_match"),
    text_column("operators_name"),
    text_column("operators_name_match"),
    text_column("performed_procedure_step_start_date"),
    text_column("performed_procedure_step_start_time"),
    text_column("performed_procedure_step_id"),
    text_column("performed_procedure_step_description"),
    text_column("requested_procedure_id"),
    text_column("scheduled_procedure_step_id"),
    # Kept by settling, never in the store path, so that two associations of one series do not wait for each other.
    Column("instance_count", Integer, nullable=False, server_default="0"),
    time_column("last_arrival", nullable=True),
    time_column("last_announced", nullable=True),
    Column("announced_count", Integer, nullable=False, server_default="0"),
    # AE title or user of the newest arrival, for the next `instance.stored`.
    text_column("last_source"),
    Column("complete", Boolean, nullable=False, server_default="0"),
    # How often the series was declared complete: late images start a new generation, and with it new jobs.
    Column("generation", Integer, nullable=False, server_default="0"),
    # True for what the node made itself: such series settle without jobs.
    Column("own_result", Boolean, nullable=False, server_default="0"),
    time_column("created"),
    UniqueConstraint("tenant", "series_instance_uid", "study_instance_uid"),
    Index(None, "study_id"),
    Index("ix_series_open", "complete", "last_arrival"),
    sqlite_autoincrement=True,
)

# Which associations stored into a series since it was last complete: while one of them is open, the series is too.
series_association = Table(
    "series_association",
    metadata,
    Column("series_id", Key, ForeignKey("series.id", ondelete="CASCADE"), primary_key=True),
    Column("association_id", Key, primary_key=True),
    tenant_column(),
)

instance = Table(
    "instance",
    metadata,
    key_column(),
    tenant_column(),
    Column("series_id", Key, ForeignKey("series.id", ondelete="CASCADE"), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("series_instance_uid", String(64), nullable=False),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("sop_class_uid", String(64), nullable=False),
    Column("transfer_syntax_uid", String(64), nullable=False),
    text_column("instance_number"),
    text_column("content_date"),
    text_column("content_time"),
    text_column("acquisition_date"),
    text_column("acquisition_time"),
    text_column("acquisition_number"),
    text_column("image_type"),
    Column("rows", Integer),
    Column("columns", Integer),
    Column("bits_allocated", Integer),
    Column("number_of_frames", BigInteger),
    text_column("photometric_interpretation"),
    text_column("instance_comments"),
    # For documents: what the SR, PDF or KO is about.
    text_column("concept_name_code"),
    text_column("completion_flag"),
    text_column("verification_flag"),
    text_column("content_label"),
    text_column("content_description"),
    # The blob: a name made by the node (see archive.blobs), offset and size of the data set in it, its SHA-256.
    Column("blob_key", String(128), nullable=False),
    Column("data_offset", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content_hash", String(64), nullable=False),
    text_column("source_ae_title"),
    text_column("origin"),
    Column("hidden", Boolean, nullable=False, server_default="0"),
    time_column("received"),
    UniqueConstraint("tenant", "sop_instance_uid"),
    # With `hidden`: what counts and searches the instances of a series needs not read each row for that.
    Index(None, "series_id", "hidden"),
    Index(None, "blob_key"),
    sqlite_autoincrement=True,
)

# What was kept but not shown: the second object of one SOP Instance UID under `storage.duplicates = keep-both`.
quarantine = Table(
    "quarantine",
    metadata,
    key_column(),
    tenant_column(),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("blob_key", String(128), nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    text_column("reason"),
    text_column("source_ae_title"),
    time_column("received"),
)

# Files that no row refers to any more, written in the transaction that let go of them, so that a crash before their
# removal does not bring them back as files without rows.
obsolete_blob = Table(
    "obsolete_blob",
    metadata,
    Column("blob_key", String(128), primary_key=True),
    tenant_column(),
    time_column("time"),
)

# The outbox of ingest: one row an instance, written in the instance's own transaction and folded by settling into
# counters, coalesced events and audit records. Insert only, so that the store path never waits for a row lock.
arrival = Table(
    "arrival",
    metadata,
    key_column(),
    tenant_column(),
    Column("series_id", Key, nullable=False),
    Column("instance_id", Key, nullable=False),
    Column("association_id", Key),
    text_column("origin"),
    text_column("source"),
    text_column("address"),
    text_column("outcome"),
    time_column("received"),
)
