"""The index: studies, series, instances and what arrived."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "arrival",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("series_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("instance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("association_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("origin", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("received", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
    )
    op.create_table(
        "obsolete_blob",
        sa.Column("blob_key", sa.String(length=128), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("time", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("blob_key", name=op.f("pk_obsolete_blob")),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("blob_key", sa.String(length=128), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("source_ae_title", sa.Text(), server_default="", nullable=False),
        sa.Column("received", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
    )
    op.create_table(
        "study",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("patient_key", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.Text(), server_default="", nullable=False),
        sa.Column("patient_id_match", sa.Text(), server_default="", nullable=False),
        sa.Column("issuer_of_patient_id", sa.Text(), server_default="", nullable=False),
        sa.Column("patient_name", sa.Text(), server_default="", nullable=False),
        sa.Column("patient_name_match", sa.Text(), server_default="", nullable=False),
        sa.Column("patient_birth_date", sa.Text(), server_default="", nullable=False),
        sa.Column("patient_birth_time", sa.Text(), server_default="", nullable=False),
        sa.Column("patient_sex", sa.Text(), server_default="", nullable=False),
        sa.Column("patient_age", sa.Text(), server_default="", nullable=False),
        sa.Column("patient_size", sa.Text(), server_default="", nullable=False),
        sa.Column("patient_weight", sa.Text(), server_default="", nullable=False),
        sa.Column("other_patient_ids", sa.Text(), server_default="", nullable=False),
        sa.Column("ethnic_group", sa.Text(), server_default="", nullable=False),
        sa.Column("occupation", sa.Text(), server_default="", nullable=False),
        sa.Column("additional_patient_history", sa.Text(), server_default="", nullable=False),
        sa.Column("patient_comments", sa.Text(), server_default="", nullable=False),
        sa.Column("study_date", sa.Text(), server_default="", nullable=False),
        sa.Column("study_time", sa.Text(), server_default="", nullable=False),
        sa.Column("accession_number", sa.Text(), server_default="", nullable=False),
        sa.Column("accession_number_match", sa.Text(), server_default="", nullable=False),
        sa.Column("study_id", sa.Text(), server_default="", nullable=False),
        sa.Column("study_description", sa.Text(), server_default="", nullable=False),
        sa.Column("study_description_match", sa.Text(), server_default="", nullable=False),
        sa.Column("referring_physician_name", sa.Text(), server_default="", nullable=False),
        sa.Column("referring_physician_name_match", sa.Text(), server_default="", nullable=False),
        sa.Column("name_of_physicians_reading_study", sa.Text(), server_default="", nullable=False),
        sa.Column("admitting_diagnoses_description", sa.Text(), server_default="", nullable=False),
        sa.Column("timezone_offset_from_utc", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.String(length=16), server_default="RECEIVING", nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.Column("updated", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
        sa.UniqueConstraint("tenant", "study_instance_uid", name=op.f("uq_study_tenant_study_instance_uid")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_study_tenant_accession_number_match"), "study", ["tenant", "accession_number_match"], unique=False
    )
    op.create_index(op.f("ix_study_tenant_patient_id_match"), "study", ["tenant", "patient_id_match"], unique=False)
    op.create_index(op.f("ix_study_tenant_patient_key"), "study", ["tenant", "patient_key"], unique=False)
    op.create_index(op.f("ix_study_tenant_patient_name_match"), "study", ["tenant", "patient_name_match"], unique=False)
    op.create_index(
        op.f("ix_study_tenant_study_date_study_time"), "study", ["tenant", "study_date", "study_time"], unique=False
    )
    op.create_table(
        "series",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("study_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("series_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("modality", sa.Text(), server_default="", nullable=False),
        sa.Column("series_number", sa.Text(), server_default="", nullable=False),
        sa.Column("series_description", sa.Text(), server_default="", nullable=False),
        sa.Column("series_description_match", sa.Text(), server_default="", nullable=False),
        sa.Column("series_date", sa.Text(), server_default="", nullable=False),
        sa.Column("series_time", sa.Text(), server_default="", nullable=False),
        sa.Column("body_part_examined", sa.Text(), server_default="", nullable=False),
        sa.Column("laterality", sa.Text(), server_default="", nullable=False),
        sa.Column("protocol_name", sa.Text(), server_default="", nullable=False),
        sa.Column("patient_position", sa.Text(), server_default="", nullable=False),
        sa.Column("frame_of_reference_uid", sa.Text(), server_default="", nullable=False),
        sa.Column("manufacturer", sa.Text(), server_default="", nullable=False),
        sa.Column("manufacturer_model_name", sa.Text(), server_default="", nullable=False),
        sa.Column("institution_name", sa.Text(), server_default="", nullable=False),
        sa.Column("institutional_department_name", sa.Text(), server_default="", nullable=False),
        sa.Column("station_name", sa.Text(), server_default="", nullable=False),
        sa.Column("performing_physician_name", sa.Text(), server_default="", nullable=False),
        sa.Column("performing_physician_name_match", sa.Text(), server_default="", nullable=False),
        sa.Column("operators_name", sa.Text(), server_default="", nullable=False),
        sa.Column("operators_name_match", sa.Text(), server_default="", nullable=False),
        sa.Column("performed_procedure_step_start_date", sa.Text(), server_default="", nullable=False),
        sa.Column("performed_procedure_step_start_time", sa.Text(), server_default="", nullable=False),
        sa.Column("performed_procedure_step_id", sa.Text(), server_default="", nullable=False),
        sa.Column("performed_procedure_step_description", sa.Text(), server_default="", nullable=False),
        sa.Column("requested_procedure_id", sa.Text(), server_default="", nullable=False),
        sa.Column("scheduled_procedure_step_id", sa.Text(), server_default="", nullable=False),
        sa.Column("instance_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_arrival", sa.Float(precision=53), nullable=True),
        sa.Column("last_announced", sa.Float(precision=53), nullable=True),
        sa.Column("announced_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_source", sa.Text(), server_default="", nullable=False),
        sa.Column("complete", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("own_result", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_series_study_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint(
            "tenant",
            "series_instance_uid",
            "study_instance_uid",
            name=op.f("uq_series_tenant_series_instance_uid_study_instance_uid"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_series_open", "series", ["complete", "last_arrival"], unique=False)
    op.create_index(op.f("ix_series_study_id"), "series", ["study_id"], unique=False)
    op.create_table(
        "instance",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("series_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("study_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("series_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("sop_class_uid", sa.String(length=64), nullable=False),
        sa.Column("transfer_syntax_uid", sa.String(length=64), nullable=False),
        sa.Column("instance_number", sa.Text(), server_default="", nullable=False),
        sa.Column("content_date", sa.Text(), server_default="", nullable=False),
        sa.Column("content_time", sa.Text(), server_default="", nullable=False),
        sa.Column("acquisition_date", sa.Text(), server_default="", nullable=False),
        sa.Column("acquisition_time", sa.Text(), server_default="", nullable=False),
        sa.Column("acquisition_number", sa.Text(), server_default="", nullable=False),
        sa.Column("image_type", sa.Text(), server_default="", nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("columns", sa.Integer(), nullable=True),
        sa.Column("bits_allocated", sa.Integer(), nullable=True),
        sa.Column("number_of_frames", sa.BigInteger(), nullable=True),
        sa.Column("photometric_interpretation", sa.Text(), server_default="", nullable=False),
        sa.Column("instance_comments", sa.Text(), server_default="", nullable=False),
        sa.Column("concept_name_code", sa.Text(), server_default="", nullable=False),
        sa.Column("completion_flag", sa.Text(), server_default="", nullable=False),
        sa.Column("verification_flag", sa.Text(), server_default="", nullable=False),
        sa.Column("content_label", sa.Text(), server_default="", nullable=False),
        sa.Column("content_description", sa.Text(), server_default="", nullable=False),
        sa.Column("blob_key", sa.String(length=128), nullable=False),
        sa.Column("data_offset", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source_ae_title", sa.Text(), server_default="", nullable=False),
        sa.Column("origin", sa.Text(), server_default="", nullable=False),
        sa.Column("hidden", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("received", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_instance_series_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instance")),
        sa.UniqueConstraint("tenant", "sop_instance_uid", name=op.f("uq_instance_tenant_sop_instance_uid")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_instance_blob_key"), "instance", ["blob_key"], unique=False)
    op.create_index(op.f("ix_instance_series_id"), "instance", ["series_id"], unique=False)
    op.create_table(
        "series_association",
        sa.Column("series_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("association_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_series_association_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_id", "association_id", name=op.f("pk_series_association")),
    )


def downgrade() -> None:
    op.drop_table("series_association")
    op.drop_index(op.f("ix_instance_series_id"), table_name="instance")
    op.drop_index(op.f("ix_instance_blob_key"), table_name="instance")
    op.drop_table("instance")
    op.drop_index(op.f("ix_series_study_id"), table_name="series")
    op.drop_index("ix_series_open", table_name="series")
    op.drop_table("series")
    op.drop_index(op.f("ix_study_tenant_study_date_study_time"), table_name="study")
    op.drop_index(op.f("ix_study_tenant_patient_name_match"), table_name="study")
    op.drop_index(op.f("ix_study_tenant_patient_key"), table_name="study")
    op.drop_index(op.f("ix_study_tenant_patient_id_match"), table_name="study")
    op.drop_index(op.f("ix_study_tenant_accession_number_match"), table_name="study")
    op.drop_table("study")
    op.drop_table("quarantine")
    op.drop_table("obsolete_blob")
    op.drop_table("arrival")
