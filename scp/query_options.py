"""SOP class extended negotiation of query and retrieve (PS3.4 Sections C.5.1.1, C.5.2.1 and C.5.3.1).

A byte an option, 1 where it is supported. What this node does not do is answered 0: converting to or from enhanced
multi-frame images. Dates and times are moved into the time zone of a query that names one, agreed on or not.
"""

from dataclasses import dataclass
from typing import Final

from routing.negotiation import Context

_SUPPORTED: Final = 1
# Relational queries, combined matching of date and time, fuzzy matching of names, time zones, enhanced images.
_OF_FIND: Final = (1, 1, 1, 1, 0)
# Relational retrieval, enhanced images.
_OF_RETRIEVAL: Final = (1, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryOptions:
    """What was agreed on for queries of one presentation context.

    Parameters
    ----------
    relational
        Any keys at any level, without the unique keys above (PS3.4 Section C.4.1.2.2).
    combined_date_time
        A date range and a time range are one range of moments (PS3.4 Section C.2.2.2.5.4).
    fuzzy
        Fuzzy matching of person names (PS3.4 Section C.2.2.2.1).
    """

    relational: bool = False
    combined_date_time: bool = False
    fuzzy: bool = False


def agreed_options(proposed: bytes, *, find: bool) -> bytes:
    """Agree to those options that the requestor proposes and this node has; `find` for queries, else retrieval."""
    own = _OF_FIND if find else _OF_RETRIEVAL
    return bytes(ours & (asked == _SUPPORTED) for ours, asked in zip(own, proposed, strict=False))


def options_of(context: Context) -> QueryOptions:
    """Read what was agreed on for a context of queries; an option that was not named is not agreed on."""
    relational, combined, fuzzy = (value == _SUPPORTED for value in context.extended[:3].ljust(3, b"\0"))
    return QueryOptions(relational=relational, combined_date_time=combined, fuzzy=fuzzy)
