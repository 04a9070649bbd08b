"""Names in other scripts are found by what their ideographic and phonetic groups begin with."""

from alembic import op

from archive.query_name_groups import has_tail, tail

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_NAMES = ("ix_study_name_ideographic", "ix_study_name_phonetic")


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    text = "patient_name_match"
    for name in _NAMES:
        behind = tail(text, dialect)
        # Only names that have the group are in its index.
        op.execute(f"CREATE INDEX {name} ON study (tenant, ({behind})) WHERE {has_tail(text, dialect)}")
        text = behind


def downgrade() -> None:
    for name in _NAMES:
        op.execute(f"DROP INDEX {name}")
