"""Metadata of series, made ready before they are asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "series_metadata",
        sa.Column("series_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=128), server_default="", nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("wanted", sa.Float(precision=53), nullable=True),
        sa.ForeignKeyConstraint(
            ["series_id"], ["series.id"], name=op.f("fk_series_metadata_series_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("series_id", name=op.f("pk_series_metadata")),
    )
    op.create_index(op.f("ix_series_metadata_wanted"), "series_metadata", ["wanted"], unique=False)


def downgrade() -> None:
    op.drop_table("series_metadata")
