"""Procedures: worklist entries, performed procedure steps and the instances these list."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_worklist_entry()
    _create_procedure_step()
    op.create_table(
        "performed_instance",
        _key("id"),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        _key("procedure_step_id", autoincrement=False),
        sa.Column("series_uid", sa.String(length=64), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["procedure_step_id"],
            ["procedure_step.id"],
            name=op.f("fk_performed_instance_procedure_step_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performed_instance")),
        sa.UniqueConstraint(
            "tenant",
            "series_uid",
            "sop_instance_uid",
            name=op.f("uq_performed_instance_tenant_series_uid_sop_instance_uid"),
        ),
    )
    op.create_index(
        op.f("ix_performed_instance_procedure_step_id"), "performed_instance", ["procedure_step_id"], unique=False
    )


def _create_worklist_entry() -> None:
    op.create_table(
        "worklist_entry",
        _key("id"),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("file_step", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        *_texts("step_id", "accession_number", "patient_id", "patient_id_match", "modality", "start_date"),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.Column("updated", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worklist_entry")),
        sa.UniqueConstraint(
            "tenant", "file_name", "file_step", name=op.f("uq_worklist_entry_tenant_file_name_file_step")
        ),
    )
    for columns in (["tenant", "state", "start_date"], ["tenant", "study_uid"], ["tenant", "patient_id_match"]):
        op.create_index(op.f(f"ix_worklist_entry_{'_'.join(columns)}"), "worklist_entry", columns, unique=False)


def _create_procedure_step() -> None:
    op.create_table(
        "procedure_step",
        _key("id"),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        *_texts("modality", "station_ae_title", "accession_number", "calling_ae_title"),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.Column("updated", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure_step")),
        sa.UniqueConstraint("tenant", "sop_instance_uid", name=op.f("uq_procedure_step_tenant_sop_instance_uid")),
    )
    op.create_index(op.f("ix_procedure_step_tenant_study_uid"), "procedure_step", ["tenant", "study_uid"], unique=False)


def _key(name: str, *, autoincrement: bool = True) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, autoincrement=autoincrement, nullable=False)


def _texts(*names: str) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in names)
