"""Worklist entries that are from orders: made, changed and canceled as messages say."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, or_, select, update

from archive import scheduling
from archive.attribute_lists import AttributeList, has_value, items, key, text
from archive.errors import Conflict, NodeError, NotFound, NotParsable
from archive.orders import Control, Order
from archive.procedure_states import EntryState
from archive.tables import worklist_entry

SOURCE: Final = "order"
_PROCEDURE: Final = "RequestedProcedureID"
_STUDY: Final = "StudyInstanceUID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of entries, as the API shows them.

    Parameters
    ----------
    created, changed, canceled
        Entries that were made, that are other than before, and that are no longer there.
    """

    created: tuple[dict[str, Any], ...] = ()
    changed: tuple[dict[str, Any], ...] = ()
    canceled: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """Who changes entries in which transaction."""

    connection: Connection
    tenant: str
    principal: str
    now: float


def apply(connection: Connection, tenant: str, orders: Sequence[Order], *, principal: str, now: float) -> Outcome:
    """Do what the orders of a message say, all of it or nothing.

    A new order that is known already is the same message again, and changes nothing that it does not say otherwise. A
    change of an order that is not known makes it: it may be older than the node.

    Raises
    ------
    NotFound
        An order to cancel is not there.
    Conflict
        An order to cancel, or a step that is left out of a changed one, has begun.
    """
    change = _Change(connection=connection, tenant=tenant, principal=principal, now=now)
    outcomes = [_apply(change, order) for order in orders]
    return Outcome(
        created=tuple(item for outcome in outcomes for item in outcome.created),
        changed=tuple(item for outcome in outcomes for item in outcome.changed),
        canceled=tuple(item for outcome in outcomes for item in outcome.canceled),
    )


def apply_each(
    connection: Connection, tenant: str, messages: Sequence[Sequence[Order]], *, principal: str, now: float
) -> list[Outcome | NodeError]:
    """Do as `apply` with one message after the other; what is refused of one changes nothing, and is given."""
    return [_apply_or_refuse(connection, tenant, orders, principal, now) for orders in messages]


def _apply_or_refuse(
    connection: Connection, tenant: str, orders: Sequence[Order], principal: str, now: float
) -> Outcome | NodeError:
    try:
        with connection.begin_nested():
            return apply(connection, tenant, orders, principal=principal, now=now)
    except (NotParsable, NotFound, Conflict) as error:
        return error


def _apply(change: _Change, order: Order) -> Outcome:
    known = _known(change.connection, change.tenant, order)
    if order.control is Control.CANCEL:
        return Outcome(canceled=_cancel(change, known))
    pairs, left = _paired(order.steps, known)
    changed = tuple(_replace(change, order, step, row) for step, row in pairs if row is not None)
    studies = {text(row["attributes"], _PROCEDURE): row["study_uid"] for row in known}
    created = tuple(_add(change, order, step, studies) for step, row in pairs if row is None)
    canceled = _remove(change, left) if order.control is Control.CHANGE else ()
    return Outcome(created=created, changed=changed, canceled=canceled)


def _known(connection: Connection, tenant: str, order: Order) -> list[RowMapping]:
    """Find the entries of an order, by the number of the one who does it; by the other's where either side lacks it."""
    table = worklist_entry.c
    same_placer = table.placer_order == order.placer
    which: ColumnElement[bool] = same_placer
    if order.filler:
        which = table.filler_order == order.filler
        if order.placer:
            which = or_(which, and_(same_placer, table.filler_order.is_(None)))
    rows = select(worklist_entry).where(table.tenant == tenant, table.source == SOURCE, which)
    return list(connection.execute(rows.order_by(table.id).with_for_update()).mappings())


def _paired(
    steps: Sequence[AttributeList], known: Sequence[RowMapping]
) -> tuple[list[tuple[AttributeList, RowMapping | None]], list[RowMapping]]:
    """Find the row of each step: by the step's ID, or in their order where a step has none."""
    left = list(known)
    pairs: list[tuple[AttributeList, RowMapping | None]] = []
    for step in steps:
        step_id = text(items(step, scheduling.STEPS)[0], "ScheduledProcedureStepID")
        row = next((row for row in left if not step_id or row["step_id"] == step_id), None)
        if row is not None:
            left.remove(row)
        pairs.append((step, row))
    return pairs, left


def _add(change: _Change, order: Order, step: AttributeList, studies: dict[str, str]) -> dict[str, Any]:
    """Make an entry. Steps of one requested procedure are of one study, though the message does not name it."""
    procedure = text(step, _PROCEDURE) or text(step, "AccessionNumber")
    if procedure in studies and not has_value(step, _STUDY):
        step = {**step, key(_STUDY): [studies[procedure]]}
    made = scheduling.add(
        change.connection,
        change.tenant,
        step,
        principal=change.principal,
        now=change.now,
        origin={"source": SOURCE, **_numbers(order)},
    )
    studies.setdefault(procedure, made["study_uid"])
    return made


def _replace(change: _Change, order: Order, step: AttributeList, row: RowMapping) -> dict[str, Any]:
    numbers = _numbers(order)
    # The second number of an order may come with its first change.
    change.connection.execute(update(worklist_entry).where(worklist_entry.c.id == row["id"]).values(numbers))
    return scheduling.replace(
        change.connection, change.tenant, row["id"], step, principal=change.principal, now=change.now
    )


def _numbers(order: Order) -> dict[str, str]:
    numbers = {"placer_order": order.placer, "filler_order": order.filler}
    return {column: number for column, number in numbers.items() if number}


def _cancel(change: _Change, known: Sequence[RowMapping]) -> tuple[dict[str, Any], ...]:
    if not known:
        raise NotFound("ORC-2 and ORC-3 name no order on the worklist.")
    canceled = _remove(change, known)
    if not canceled:
        raise Conflict("ORC-1: the order has been performed, there is nothing left to cancel.")
    return canceled


def _remove(change: _Change, rows: Sequence[RowMapping]) -> tuple[dict[str, Any], ...]:
    """Remove what nobody began; what is done stays on record."""
    if any(row["state"] == EntryState.IN_PROGRESS.value for row in rows):
        raise Conflict("ORC-1: a modality has begun with the order.")
    open_rows = [row for row in rows if row["state"] == EntryState.SCHEDULED.value]
    for row in open_rows:
        scheduling.remove(change.connection, change.tenant, row["id"], principal=change.principal, now=change.now)
    return tuple(scheduling.as_item(row) for row in open_rows)
