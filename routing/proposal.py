"""Which presentation contexts to propose for a set of objects, and how many associations that takes."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from archive.retrieve import StoredInstance
from routing.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, MAX_CONTEXTS, ProposedContext
from routing.requestor import number_contexts

FALLBACKS: Final = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
Pair = tuple[str, str]


def syntaxes_for(stored: str, allowed: Sequence[str] = ()) -> list[str]:
    """List the transfer syntaxes an object may be sent in, best first: as it is stored, then uncompressed."""
    wanted = dict.fromkeys([stored, *FALLBACKS])
    return [syntax for syntax in wanted if not allowed or syntax in allowed]


def batches(
    instances: Iterable[StoredInstance], allowed: Sequence[str] = ()
) -> Iterator[tuple[tuple[ProposedContext, ...], list[StoredInstance]]]:
    """Divide `instances`, their order kept, into groups whose contexts fit one association (PS3.8 Section 9.3.2.2).

    Each transfer syntax stands in a context of its own: so the peer says of every one whether it takes it, and not
    only which it likes best.
    """
    pairs: dict[Pair, None] = {}
    group: list[StoredInstance] = []
    for instance in instances:
        needed = [
            (str(instance.sop_class_uid), syntax) for syntax in syntaxes_for(str(instance.transfer_syntax_uid), allowed)
        ]
        if group and len(pairs.keys() | set(needed)) > MAX_CONTEXTS:
            yield _contexts(pairs), group
            pairs, group = {}, []
        pairs |= dict.fromkeys(needed)
        group.append(instance)
    if group:
        yield _contexts(pairs), group


def _contexts(pairs: Iterable[Pair]) -> tuple[ProposedContext, ...]:
    return number_contexts((abstract, (transfer,)) for abstract, transfer in pairs)
