"""Columns that are looked up by prefix: ordered by code point, whatever language the PostgreSQL server speaks."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COLUMNS = ("patient_id_match", "patient_name_match", "accession_number_match")


def upgrade() -> None:
    _collate('"C"')


def downgrade() -> None:
    _collate('"default"')


def _collate(collation: str) -> None:
    # SQLite compares by code point anyway. PostgreSQL builds the indexes of these columns anew, not the table.
    if op.get_bind().dialect.name == "postgresql":
        changes = ", ".join(f"ALTER COLUMN {column} TYPE TEXT COLLATE {collation}" for column in _COLUMNS)
        op.execute(f"ALTER TABLE study {changes}")
