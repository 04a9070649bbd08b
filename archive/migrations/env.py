"""Alembic's entry: runs on the connection that `archive.schema` opened and locked."""

from alembic import context

from archive.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most of a table in place; later migrations copy it.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
