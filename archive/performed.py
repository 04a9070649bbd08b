"""Series that need not be waited for: a completed procedure step lists their instances, and all of them are here."""

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.sql.expression import Select

from archive.tables import instance, performed_instance, series


def is_listed_and_here() -> ColumnElement[bool]:
    """Return the condition for rows of `series`.

    The modality has said by MPPS that the series has these instances and no more (PS3.4 Section F.7.2.2), so that a
    quiet time would tell nothing new. A series with an instance that is not listed waits as any other does: there, the
    list is not the truth.
    """
    listed = and_(
        performed_instance.c.tenant == series.c.tenant, performed_instance.c.series_uid == series.c.series_instance_uid
    )
    here = exists().where(
        instance.c.series_id == series.c.id, instance.c.sop_instance_uid == performed_instance.c.sop_instance_uid
    )
    return and_(
        exists().where(listed),
        ~exists().where(listed, ~here),
        series.c.instance_count == _count(listed),
    )


def _count(listed: ColumnElement[bool]) -> ColumnElement[int]:
    counted: Select[int] = select(func.count()).select_from(performed_instance).where(listed)
    return counted.correlate(series).scalar_subquery()
