"""Worklist entries from orders know the numbers of their order."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_COLUMNS = ("placer_order", "filler_order")


def upgrade() -> None:
    for column in _COLUMNS:
        op.add_column("worklist_entry", sa.Column(column, sa.Text))
        op.create_index(f"ix_worklist_entry_tenant_{column}", "worklist_entry", ["tenant", column])


def downgrade() -> None:
    for column in _COLUMNS:
        op.drop_index(f"ix_worklist_entry_tenant_{column}", "worklist_entry")
        op.drop_column("worklist_entry", column)
