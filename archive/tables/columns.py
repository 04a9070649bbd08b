"""What all tables share: one MetaData, and columns that occur in many of them.

Times are UTC, in seconds since the epoch (Float): both databases order and compare them alike.
"""

from sqlalchemy import BigInteger, Column, Float, Integer, MetaData, String, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives growing keys only to INTEGER PRIMARY KEY; PostgreSQL needs eight bytes.
Key = BigInteger().with_variant(Integer, "sqlite")


def key_column() -> Column[int]:
    """Return the primary key `id`."""
    return Column("id", Key, primary_key=True, autoincrement=True)


def tenant_column() -> Column[str]:
    """Return the column that every table has."""
    return Column("tenant", String(64), nullable=False)


def text_column(name: str) -> Column[str]:
    """Return a text that is blank where an attribute is absent."""
    return Column(name, Text, nullable=False, server_default="")


def looked_up_column(name: str) -> Column[str]:
    """Return a text that an index finds by what it begins with: only the order of code points bounds that."""
    by_code_point = Text().with_variant(Text(collation="C"), "postgresql")
    return Column(name, by_code_point, nullable=False, server_default="")


def time_column(name: str, *, nullable: bool = False) -> Column[float]:
    """Return a moment in seconds since the epoch."""
    return Column(name, Float(53), nullable=nullable)
