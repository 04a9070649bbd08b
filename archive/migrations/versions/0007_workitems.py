"""Unified procedure steps: workitems, subscriptions to them, event reports."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_workitem()
    _create_subscriptions()
    _create_report()


def _create_workitem() -> None:
    op.create_table(
        "workitem",
        _key("id"),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("transaction_uid", sa.String(length=64), server_default="", nullable=False),
        *_texts("performer"),
        sa.Column("job_id", _KEY, nullable=True),
        *_texts("analyzer", "study_uid", "series_uid", "patient_id_match"),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.Column("updated", sa.Float(precision=53), nullable=False),
        sa.Column("finished", sa.Float(precision=53), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workitem")),
        sa.UniqueConstraint("tenant", "sop_instance_uid", name=op.f("uq_workitem_tenant_sop_instance_uid")),
    )
    for columns in (["tenant", "state"], ["tenant", "patient_id_match"], ["job_id"], ["state", "analyzer"]):
        op.create_index(op.f(f"ix_workitem_{'_'.join(columns)}"), "workitem", columns, unique=False)


def _create_subscriptions() -> None:
    op.create_table(
        "workitem_subscription",
        _key("id"),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("workitem_id", _KEY, nullable=False),
        *_channel(),
        sa.Column("deletion_lock", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workitem_id"], ["workitem.id"], name=op.f("fk_workitem_subscription_workitem_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workitem_subscription")),
        sa.UniqueConstraint(
            "workitem_id", "ae_title", "channel", name=op.f("uq_workitem_subscription_workitem_id_ae_title_channel")
        ),
    )
    op.create_index(
        op.f("ix_workitem_subscription_tenant_ae_title"), "workitem_subscription", ["tenant", "ae_title"], unique=False
    )
    op.create_table(
        "workitem_watch",
        _key("id"),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        *_channel(),
        sa.Column("deletion_lock", sa.Boolean(), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workitem_watch")),
        sa.UniqueConstraint("tenant", "ae_title", "channel", name=op.f("uq_workitem_watch_tenant_ae_title_channel")),
    )


def _create_report() -> None:
    op.create_table(
        "workitem_report",
        _key("id"),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        *_channel(),
        sa.Column("event_type", sa.Integer(), nullable=False),
        sa.Column("information", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("next_attempt", sa.Float(precision=53), nullable=True),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.Float(precision=53), nullable=True),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.Column("finished", sa.Float(precision=53), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workitem_report")),
    )
    op.create_index(
        op.f("ix_workitem_report_status_channel_tenant_ae_title"),
        "workitem_report",
        ["status", "channel", "tenant", "ae_title"],
        unique=False,
    )


_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, _KEY, autoincrement=True, nullable=False)


def _channel() -> tuple[sa.Column[str], ...]:
    return (
        sa.Column("ae_title", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
    )


def _texts(*names: str) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, sa.Text(), server_default="", nullable=False) for name in names)
