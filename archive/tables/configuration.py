"""Tables of what is configured at run time, and of accounts."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from archive.tables.columns import Key, key_column, metadata, tenant_column, text_column, time_column

remote_ae = Table(
    "remote_ae",
    metadata,
    key_column(),
    tenant_column(),
    Column("name", String(64), nullable=False),
    Column("ae_title", String(16), nullable=False),
    Column("host", Text, nullable=False),
    Column("port", Integer, nullable=False),
    Column("source", String(16), nullable=False),  # "file" or "runtime"
    # All other keys of [[ae]]: tls, allowed, source_networks, charset, transfer_syntaxes, sr_class, results and so on.
    Column("options", JSON, nullable=False),
    time_column("created"),
    UniqueConstraint("name"),
)

route = Table(
    "route",
    metadata,
    key_column(),
    tenant_column(),
    Column("name", String(64), nullable=False),
    Column("source", String(16), nullable=False),
    Column("enabled", Boolean, nullable=False, server_default="1"),
    Column("rule", JSON, nullable=False),
    time_column("created"),
    UniqueConstraint("name"),
)

user = Table(
    "user_account",
    metadata,
    key_column(),
    tenant_column(),
    Column("username", String(64), nullable=False),
    text_column("name"),
    Column("role", String(16), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("enabled", Boolean, nullable=False, server_default="1"),
    time_column("created"),
    UniqueConstraint("username"),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", Key, ForeignKey("user_account.id", ondelete="CASCADE"), nullable=False),
    Column("csrf", String(64), nullable=False),
    time_column("created"),
    time_column("expires"),
)

apikey = Table(
    "apikey",
    metadata,
    key_column(),
    tenant_column(),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False, server_default="1"),
    time_column("created"),
    time_column("expires", nullable=True),
    time_column("last_used", nullable=True),
)

# Facts about the node itself that must survive a restart (one row a key).
fact = Table(
    "fact",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)
