"""The hash of an object's content is not always a SHA-256 any more; those that are there stay."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TABLES = ("instance", "quarantine", "non_patient_instance")


def upgrade() -> None:
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN sha256 TO content_hash")


def downgrade() -> None:
    # An earlier program would take every object with another hash for a damaged one.
    for table in _TABLES:
        found = op.get_bind().scalar(sa.text(f"SELECT 1 FROM {table} WHERE content_hash LIKE 'blake3:%' LIMIT 1"))  # noqa: S608
        if found:
            raise RuntimeError("Objects were kept since: no earlier program can tell whether they are whole.")
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN content_hash TO sha256")
