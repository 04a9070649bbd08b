"""Presentation contexts that a peer refused, in words (PS3.8 Table 9-18)."""

from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydicom.uid import UID

from routing.negotiation import AssociateAccept, AssociateRequest, ContextResult

_SHOWN_CLASSES: Final = 5
_REASONS: Final[Mapping[ContextResult, str]] = MappingProxyType(
    {
        ContextResult.USER_REJECTION: "refused by its user",
        ContextResult.NO_REASON: "refused without a reason",
        ContextResult.ABSTRACT_SYNTAX_NOT_SUPPORTED: "SOP class not supported",
        ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED: "none of the transfer syntaxes supported",
    }
)


def refusals(request: AssociateRequest, accept: AssociateAccept) -> str:
    """Say which SOP classes of a proposal have no accepted context, and why; empty when all have one."""
    proposed = {context.context_id: context.abstract_syntax for context in request.contexts}
    results = {answer.context_id: answer.result for answer in accept.contexts}
    accepted = {proposed.get(number) for number, result in results.items() if result == ContextResult.ACCEPTED}
    classes: dict[str, dict[str, None]] = defaultdict(dict)
    for number, abstract_syntax in proposed.items():
        if abstract_syntax not in accepted:
            reason = _REASONS.get(results.get(number, ContextResult.NO_REASON), "refused without a reason")
            classes[reason][UID(abstract_syntax).name] = None
    return "; ".join(f"{_shortened(list(names))}: {reason}" for reason, names in classes.items())


def _shortened(names: list[str]) -> str:
    more = len(names) - _SHOWN_CLASSES
    return ", ".join(names[:_SHOWN_CLASSES]) + (f" and {more} more" if more > 0 else "")
