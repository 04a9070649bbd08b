"""The hash of an object's content is not always a SHA-256 any more; those that are there stay."""

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
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN content_hash TO sha256")
