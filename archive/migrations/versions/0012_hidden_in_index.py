"""What counts the instances of a series finds in the index which of them are hidden."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TABLE = "instance"
_BEFORE = "ix_instance_series_id"
_NOW = "ix_instance_series_id_hidden"


def upgrade() -> None:
    op.create_index(op.f(_NOW), _TABLE, ["series_id", "hidden"])
    op.drop_index(op.f(_BEFORE), table_name=_TABLE)


def downgrade() -> None:
    op.create_index(op.f(_BEFORE), _TABLE, ["series_id"])
    op.drop_index(op.f(_NOW), table_name=_TABLE)
