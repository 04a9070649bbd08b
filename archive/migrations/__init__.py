"""Alembic migrations: the history of `archive.tables`."""
