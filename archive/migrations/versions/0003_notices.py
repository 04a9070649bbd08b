"""Storage commitment, both sides, and instance availability notifications."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False)


def _outbox() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("next_attempt", sa.Float(precision=53), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Float(precision=53), nullable=True),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.Column("finished", sa.Float(precision=53), nullable=True),
    )


def upgrade() -> None:
    op.create_table(
        "commitment",
        _key(),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("transaction_uid", sa.String(length=64), nullable=False),
        sa.Column("ae_title", sa.String(length=16), nullable=False),
        sa.Column("destination", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("failures", sa.JSON(), nullable=False),
        sa.Column("here_until", sa.Float(precision=53), nullable=True),
        *_outbox(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment")),
        sa.UniqueConstraint(
            "tenant", "ae_title", "transaction_uid", name=op.f("uq_commitment_tenant_ae_title_transaction_uid")
        ),
    )
    op.create_index(op.f("ix_commitment_status_next_attempt"), "commitment", ["status", "next_attempt"])
    op.create_table(
        "commitment_asked",
        sa.Column("transaction_uid", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("destination", sa.String(length=64), nullable=False),
        sa.Column("deliveries", sa.JSON(), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("transaction_uid", name=op.f("pk_commitment_asked")),
    )
    op.create_table(
        "availability",
        _key(),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        sa.Column("series_uid", sa.String(length=64), nullable=False),
        sa.Column("destination", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        *_outbox(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_availability")),
    )
    op.create_index(op.f("ix_availability_status_next_attempt"), "availability", ["status", "next_attempt"])


def downgrade() -> None:
    op.drop_index(op.f("ix_availability_status_next_attempt"), table_name="availability")
    op.drop_table("availability")
    op.drop_table("commitment_asked")
    op.drop_index(op.f("ix_commitment_status_next_attempt"), table_name="commitment")
    op.drop_table("commitment")
