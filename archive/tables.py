"""All tables, one MetaData, the same for SQLite and PostgreSQL.

Attribute columns are named after DICOM keywords in snake case and hold text as decoded from the data set's
character set; `*_match` columns hold the form that matching compares (see `archive.matching`).
Times are UTC, in seconds since the epoch (Float): both databases order and compare them alike.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives growing keys only to INTEGER PRIMARY KEY; PostgreSQL needs eight bytes.
Key = BigInteger().with_variant(Integer, "sqlite")


def _key() -> Column[int]:
    return Column("id", Key, primary_key=True, autoincrement=True)


def _tenant() -> Column[str]:
    return Column("tenant", String(64), nullable=False)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def _time(name: str, *, nullable: bool = False) -> Column[float]:
    return Column(name, Float(53), nullable=nullable)


# --- index -----------------------------------------------------------------------------------------------------

study = Table(
    "study",
    metadata,
    _key(),
    _tenant(),
    Column("study_instance_uid", String(64), nullable=False),
    # Patient ID and issuer joined; the Study Instance UID where there is no Patient ID, so that nameless patients
    # are not taken for one person.
    Column("patient_key", Text, nullable=False),
    _text("patient_id"),
    _text("patient_id_match"),
    _text("issuer_of_patient_id"),
    _text("patient_name"),
    _text("patient_name_match"),
    _text("patient_birth_date"),
    _text("patient_birth_time"),
    _text("patient_sex"),
    _text("patient_age"),
    _text("patient_size"),
    _text("patient_weight"),
    _text("other_patient_ids"),
    _text("ethnic_group"),
    _text("occupation"),
    _text("additional_patient_history"),
    _text("patient_comments"),
    _text("study_date"),
    _text("study_time"),
    _text("accession_number"),
    _text("accession_number_match"),
    _text("study_id"),
    _text("study_description"),
    _text("study_description_match"),
    _text("referring_physician_name"),
    _text("referring_physician_name_match"),
    _text("name_of_physicians_reading_study"),
    _text("admitting_diagnoses_description"),
    _text("timezone_offset_from_utc"),
    # The roll-up of interfaces.md: RECEIVING, PENDING, ANALYZING, COMPLETE, PARTIAL, FAILED, SKIPPED.
    Column("status", String(16), nullable=False, server_default="RECEIVING"),
    _time("created"),
    _time("updated"),
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
    _key(),
    _tenant(),
    Column("study_id", Key, ForeignKey("study.id", ondelete="CASCADE"), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("series_instance_uid", String(64), nullable=False),
    _text("modality"),
    _text("series_number"),
    _text("series_description"),
    _text("series_description_match"),
    _text("series_date"),
    _text("series_time"),
    _text("body_part_examined"),
    _text("laterality"),
    _text("protocol_name"),
    _text("patient_position"),
    _text("frame_of_reference_uid"),
    _text("manufacturer"),
    _text("manufacturer_model_name"),
    _text("institution_name"),
    _text("institutional_department_name"),
    _text("station_name"),
    _text("performing_physician_name"),
    _text("performing_physician_name_match"),
    _text("operators_name"),
    _text("operators_name_match"),
    _text("performed_procedure_step_start_date"),
    _text("performed_procedure_step_start_time"),
    _text("performed_procedure_step_id"),
    _text("performed_procedure_step_description"),
    _text("requested_procedure_id"),
    _text("scheduled_procedure_step_id"),
    # Kept by settling, never in the store path, so that two associations of one series do not wait for each other.
    Column("instance_count", Integer, nullable=False, server_default="0"),
    _time("last_arrival", nullable=True),
    _time("last_announced", nullable=True),
    Column("announced_count", Integer, nullable=False, server_default="0"),
    # AE title or user of the newest arrival, for the next `instance.stored`.
    _text("last_source"),
    Column("complete", Boolean, nullable=False, server_default="0"),
    # How often the series was declared complete: late images start a new generation, and with it new jobs.
    Column("generation", Integer, nullable=False, server_default="0"),
    # True for what the node made itself: such series settle without jobs.
    Column("own_result", Boolean, nullable=False, server_default="0"),
    _time("created"),
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
    _tenant(),
)

instance = Table(
    "instance",
    metadata,
    _key(),
    _tenant(),
    Column("series_id", Key, ForeignKey("series.id", ondelete="CASCADE"), nullable=False),
    Column("study_instance_uid", String(64), nullable=False),
    Column("series_instance_uid", String(64), nullable=False),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("sop_class_uid", String(64), nullable=False),
    Column("transfer_syntax_uid", String(64), nullable=False),
    _text("instance_number"),
    _text("content_date"),
    _text("content_time"),
    _text("acquisition_date"),
    _text("acquisition_time"),
    _text("acquisition_number"),
    _text("image_type"),
    Column("rows", Integer),
    Column("columns", Integer),
    Column("bits_allocated", Integer),
    Column("number_of_frames", BigInteger),
    _text("photometric_interpretation"),
    _text("instance_comments"),
    # For documents: what the SR, PDF or KO is about.
    _text("concept_name_code"),
    _text("completion_flag"),
    _text("verification_flag"),
    _text("content_label"),
    _text("content_description"),
    # The blob: a name made by the node (see archive.blobs), offset and size of the data set in it, its SHA-256.
    Column("blob_key", String(128), nullable=False),
    Column("data_offset", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    _text("source_ae_title"),
    _text("origin"),
    Column("hidden", Boolean, nullable=False, server_default="0"),
    _time("received"),
    UniqueConstraint("tenant", "sop_instance_uid"),
    Index(None, "series_id"),
    Index(None, "blob_key"),
    sqlite_autoincrement=True,
)

# What was kept but not shown: the second object of one SOP Instance UID under `storage.duplicates = keep-both`.
quarantine = Table(
    "quarantine",
    metadata,
    _key(),
    _tenant(),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("blob_key", String(128), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    _text("reason"),
    _text("source_ae_title"),
    _time("received"),
)

# Files that no row refers to any more, written in the transaction that let go of them, so that a crash before their
# removal does not bring them back as files without rows.
obsolete_blob = Table(
    "obsolete_blob",
    metadata,
    Column("blob_key", String(128), primary_key=True),
    _tenant(),
    _time("time"),
)

# The outbox of ingest: one row an instance, written in the instance's own transaction and folded by settling into
# counters, coalesced events and audit records. Insert only, so that the store path never waits for a row lock.
arrival = Table(
    "arrival",
    metadata,
    _key(),
    _tenant(),
    Column("series_id", Key, nullable=False),
    Column("instance_id", Key, nullable=False),
    Column("association_id", Key),
    _text("origin"),
    _text("source"),
    _text("address"),
    _text("outcome"),
    _time("received"),
)

# --- associations, audit, events -------------------------------------------------------------------------------

association = Table(
    "association",
    metadata,
    _key(),
    _tenant(),
    Column("state", String(16), nullable=False),
    Column("calling_ae_title", Text, nullable=False),
    Column("called_ae_title", Text, nullable=False),
    Column("address", Text, nullable=False),
    _text("reason"),
    # How many refusals this row stands for: a peer that knocks without pause gets one row a second.
    Column("count", Integer, nullable=False, server_default="1"),
    # The listener process that holds it, and when that last said so: an open row of a dead process is not open.
    _text("listener"),
    _time("time"),
    _time("last_seen"),
    _time("ended", nullable=True),
    Index(None, "state", "time"),
)

audit = Table(
    "audit",
    metadata,
    _key(),
    _tenant(),
    _time("time"),
    Column("action", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    _text("principal"),
    _text("address"),
    _text("study_uid"),
    Column("detail", JSON, nullable=False),
    Index(None, "tenant", "time"),
)

event = Table(
    "event",
    metadata,
    Column("seq", Key, primary_key=True, autoincrement=True),
    _tenant(),
    _time("time"),
    Column("type", String(32), nullable=False),
    Column("study_uid", String(64)),
    Column("series_uid", String(64)),
    Column("job_id", Key),
    Column("data", JSON, nullable=False),
    Index(None, "tenant", "seq"),
    sqlite_autoincrement=True,
)

# --- jobs, results, deliveries ---------------------------------------------------------------------------------

job = Table(
    "job",
    metadata,
    _key(),
    _tenant(),
    Column("study_uid", String(64), nullable=False),
    Column("series_uid", String(64), nullable=False),
    Column("series_id", Key, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("analyzer", String(128), nullable=False),
    Column("version", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("progress", Integer, nullable=False, server_default="0"),
    _text("progress_text"),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("not_before", Float(53), nullable=False, server_default="0"),
    # Claim: who, until when, and the fencing token that every later write repeats.
    Column("worker", Text),
    Column("lease_until", Float(53)),
    Column("token", Integer, nullable=False, server_default="0"),
    Column("cancel_requested", Boolean, nullable=False, server_default="0"),
    _time("created"),
    _time("started", nullable=True),
    _time("finished", nullable=True),
    UniqueConstraint("tenant", "series_id", "generation", "analyzer"),
    Index(None, "status", "not_before"),
    Index(None, "tenant", "study_uid"),
)

result = Table(
    "result",
    metadata,
    _key(),
    _tenant(),
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
    _text("comment"),
    _text("decided_by"),
    _time("created"),
    UniqueConstraint("tenant", "sop_instance_uid"),
    Index(None, "tenant", "study_uid"),
    Index(None, "job_id"),
)

delivery = Table(
    "delivery",
    metadata,
    _key(),
    _tenant(),
    Column("study_uid", String(64), nullable=False),
    Column("series_uid", String(64), nullable=False),
    Column("sop_instance_uid", String(64), nullable=False),
    Column("destination", String(64), nullable=False),
    # Why it is sent: "return", "results", a route's name, or "manual".
    _text("cause"),
    Column("status", String(16), nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("next_attempt", Float(53)),
    Column("worker", Text),
    Column("lease_until", Float(53)),
    _time("created"),
    _time("sent", nullable=True),
    UniqueConstraint("tenant", "sop_instance_uid", "destination"),
    Index(None, "status", "destination", "next_attempt"),
    Index(None, "tenant", "study_uid"),
)

# --- configuration at run time, accounts -----------------------------------------------------------------------

remote_ae = Table(
    "remote_ae",
    metadata,
    _key(),
    _tenant(),
    Column("name", String(64), nullable=False),
    Column("ae_title", String(16), nullable=False),
    Column("host", Text, nullable=False),
    Column("port", Integer, nullable=False),
    Column("source", String(16), nullable=False),  # "file" or "runtime"
    # All other keys of [[ae]]: tls, allowed, source_networks, charset, transfer_syntaxes, sr_class, results.
    Column("options", JSON, nullable=False),
    _time("created"),
    UniqueConstraint("name"),
)

route = Table(
    "route",
    metadata,
    _key(),
    _tenant(),
    Column("name", String(64), nullable=False),
    Column("source", String(16), nullable=False),
    Column("enabled", Boolean, nullable=False, server_default="1"),
    Column("rule", JSON, nullable=False),
    _time("created"),
    UniqueConstraint("name"),
)

user = Table(
    "user_account",
    metadata,
    _key(),
    _tenant(),
    Column("username", String(64), nullable=False),
    _text("name"),
    Column("role", String(16), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default="1"),
    _time("created"),
    UniqueConstraint("username"),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", Key, ForeignKey("user_account.id", ondelete="CASCADE"), nullable=False),
    Column("csrf", String(64), nullable=False),
    _time("created"),
    _time("expires"),
)

apikey = Table(
    "apikey",
    metadata,
    _key(),
    _tenant(),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False, server_default="1"),
    _time("created"),
    _time("expires", nullable=True),
    _time("last_used", nullable=True),
)

# Facts about the node itself that must survive a restart (one row a key).
fact = Table(
    "fact",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)
