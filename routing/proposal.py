"""Which presentation contexts to propose for a set of objects, and how many associations that takes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from archive import transcoding
from archive.retrieve import StoredInstance
from routing.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, MAX_CONTEXTS, ProposedContext
from routing.requestor import number_contexts

FALLBACKS: Final = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
Pair = tuple[str, str]


def syntaxes_for(instance: StoredInstance, allowed: Sequence[str] = ()) -> list[str]:
    """List the transfer syntaxes an object may be sent in, best first.

    As it is stored, if that is allowed; then uncompressed, or, for a peer with a list of its own, in the order of that
    list whatever can be made. So nothing is compressed that nobody asked to have compressed.
    """
    stored = str(instance.transfer_syntax_uid)
    if not allowed:
        return list(dict.fromkeys([stored, *FALLBACKS]))
    if instance.rows is None:
        allowed = _without_pixels(allowed)
    wanted = [stored] if stored in allowed else []
    return list(dict.fromkeys([*wanted, *(one for one in allowed if transcoding.can_convert(stored, one))]))


def _without_pixels(allowed: Sequence[str]) -> Sequence[str]:
    """Give what a list means for objects that are no images: compressed syntaxes are for pixels (PS3.5 Section A.4)."""
    native = [one for one in allowed if one in transcoding.NATIVE]
    is_about_pixels = all(transcoding.can_decompress(one) for one in allowed)
    return native or (FALLBACKS if is_about_pixels else allowed)


@dataclass(slots=True)
class _Group:
    """What fits one association."""

    pairs: dict[Pair, None] = field(default_factory=dict)
    instances: list[StoredInstance] = field(default_factory=list)

    def has_room(self, needed: Iterable[Pair]) -> bool:
        return len(self.pairs.keys() | set(needed)) <= MAX_CONTEXTS


def batches(
    instances: Iterable[StoredInstance], allowed: Sequence[str] = ()
) -> Iterator[tuple[tuple[ProposedContext, ...], list[StoredInstance]]]:
    """Divide `instances` into groups whose contexts fit one association each (PS3.8 Section 9.3.2.2).

    Objects of one kind stay together, so that kinds that alternate take no more associations than need be. Each
    transfer syntax stands in a context of its own: so the peer says of every one whether it takes it, and not only
    which it likes best.
    """
    groups = [_Group()]
    group_of: dict[tuple[str, str, bool], _Group] = {}
    for instance in instances:
        kind = (str(instance.sop_class_uid), str(instance.transfer_syntax_uid), instance.rows is None)
        group = group_of.get(kind)
        if group is None:
            needed = [(kind[0], syntax) for syntax in syntaxes_for(instance, allowed)]
            if not groups[-1].has_room(needed):
                groups.append(_Group())
            group = group_of[kind] = groups[-1]
            group.pairs |= dict.fromkeys(needed)
        group.instances.append(instance)
    for group in groups:
        if group.instances:
            yield _contexts(group.pairs), group.instances


def _contexts(pairs: Iterable[Pair]) -> tuple[ProposedContext, ...]:
    return number_contexts((abstract, (transfer,)) for abstract, transfer in pairs)
