"""Table of what is made ready for viewers before they ask."""

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table

from archive.tables.columns import Key, metadata, tenant_column, time_column

# The metadata of a series, compressed, and the state of the series that it was made of: whoever reads it compares, so
# that nothing needs to be invalidated when images come, go or are hidden.
series_metadata = Table(
    "series_metadata",
    metadata,
    Column("series_id", Key, ForeignKey("series.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    tenant_column(),
    # Blank while it is only wanted.
    Column("state", String(128), nullable=False, server_default=""),
    Column("content", LargeBinary),
    # Since when somebody should make it; none when that is done.
    time_column("wanted", nullable=True),
    Index(None, "wanted"),
)
