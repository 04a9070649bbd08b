"""Objects that belong to no patient."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLE = "non_patient_instance"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("sop_class_uid", sa.String(length=64), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("transfer_syntax_uid", sa.String(length=64), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("blob_key", sa.String(length=128), nullable=False),
        sa.Column("data_offset", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("received", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_non_patient_instance")),
        sa.UniqueConstraint("tenant", "sop_instance_uid", name=op.f("uq_non_patient_instance_tenant_sop_instance_uid")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_non_patient_instance_tenant_sop_class_uid_id"), _TABLE, ["tenant", "sop_class_uid", "id"]
    )
    op.create_index(op.f("ix_non_patient_instance_blob_key"), _TABLE, ["blob_key"])


def downgrade() -> None:
    op.drop_index(op.f("ix_non_patient_instance_blob_key"), table_name=_TABLE)
    op.drop_index(op.f("ix_non_patient_instance_tenant_sop_class_uid_id"), table_name=_TABLE)
    op.drop_table(_TABLE)
