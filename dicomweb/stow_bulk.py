"""Which parts of a STOW-RS request are the bulk data of which attribute (PS3.18 Sections 8.6.1.2 and 10.4.1.1.5).

A part belongs to the attribute whose BulkDataURI is its Content-Location; compressed frames to the one whose URI
stands before `/frames/{number}`. Nothing is fetched: a URI is a name here, wherever it leads.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urljoin

from archive.errors import NodeError, NotParsable
from dicomweb.stow_keeping import BulkDataAmbiguous, BulkDataMissing
from dicomweb.stow_pieces import Span

_FRAME: Final = re.compile(r"(.*)/frames/([1-9][0-9]{0,8})", re.DOTALL)
# Retrieved frames stand under the address of the instance, retrieved values under `/bulkdata` of it.
_BULK_PATH: Final = re.compile(r"/bulkdata/[^/?#]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkPart:
    """A part with bulk data.

    Parameters
    ----------
    media_type
        Without parameters.
    transfer_syntax
        Its parameter `transfer-syntax`; none where it is not said.
    span
        Where its bytes are.
    error
        Why they are not there.
    """

    media_type: str
    transfer_syntax: str | None
    span: Span
    error: NodeError | None = None


class BulkParts:
    """The bulk data of a request.

    Parameters
    ----------
    address
        Of the request: what relative references begin at.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._parts: defaultdict[str, list[BulkPart]] = defaultdict(list)
        self._frames: defaultdict[str, defaultdict[int, list[BulkPart]]] = defaultdict(lambda: defaultdict(list))
        self._claims: Counter[str] = Counter()
        self._nameless = 0

    def add(self, location: str | None, part: BulkPart) -> None:
        """Take a part in."""
        if not location:
            self._nameless += 1
            return
        place = self._absolute(location)
        frame = _FRAME.fullmatch(place)
        if frame is None:
            self._parts[place].append(part)
        else:
            self._frames[frame[1]][int(frame[2])].append(part)

    def claim(self, uris: Iterable[str]) -> None:
        """Note that an object names these URIs."""
        self._claims.update(self._absolute(uri) for uri in uris)

    def part(self, uri: str) -> BulkPart:
        """Give the bulk data behind a URI.

        Raises
        ------
        BulkDataMissing
            There is none in the request.
        BulkDataAmbiguous
            There are several, or the URI was named before.
        NodeError
            It could not be written.
        """
        place = self._absolute(uri)
        return self._only(place, self._parts.get(place, ()))

    def frames(self, uri: str) -> Sequence[BulkPart]:
        """Give the pixel data behind a URI: one part, or a part for each frame, from the first to the last.

        Raises
        ------
        BulkDataMissing, BulkDataAmbiguous, NodeError
            As for `part`.
        """
        place = self._absolute(uri)
        found = self._frames_of(place)
        if not found:
            return [self.part(uri)]
        if place in self._parts:
            raise BulkDataAmbiguous
        if sorted(found) != list(range(1, len(found) + 1)):
            raise BulkDataMissing
        return [self._only(place, found[number]) for number in sorted(found)]

    def count_unnamed(self) -> int:
        """Count the parts that no object names."""
        named = {_BULK_PATH.sub("", place) for place in self._claims} | self._claims.keys()
        parts = sum(len(parts) for place, parts in self._parts.items() if place not in named)
        frames = (frames for place, frames in self._frames.items() if place not in named)
        return self._nameless + parts + sum(len(parts) for each in frames for parts in each.values())

    def _frames_of(self, place: str) -> Mapping[int, Sequence[BulkPart]]:
        return self._frames.get(place) or self._frames.get(_BULK_PATH.sub("", place)) or {}

    def _only(self, place: str, parts: Sequence[BulkPart]) -> BulkPart:
        if not parts:
            raise BulkDataMissing
        if len(parts) > 1 or self._claims[place] > 1:
            raise BulkDataAmbiguous
        (part,) = parts
        if part.error is not None:
            raise part.error
        return part

    def _absolute(self, uri: str) -> str:
        try:
            return urljoin(self._address, uri.strip())
        except ValueError:
            return uri


def uris_of(data_set: Mapping[str, Any]) -> Iterable[str]:
    """Yield all BulkDataURIs of a data set.

    Raises
    ------
    NotParsable
        One is no text.
    """
    remaining: list[Any] = [data_set]
    while remaining:
        found = remaining.pop()
        for element in found.values() if isinstance(found, Mapping) else ():
            if not isinstance(element, Mapping):
                continue
            if "BulkDataURI" in element:
                if not isinstance(element["BulkDataURI"], str):
                    raise NotParsable("A BulkDataURI is no text.")
                yield element["BulkDataURI"]
            values = element.get("Value")
            remaining += values if element.get("vr", "SQ") == "SQ" and isinstance(values, list) else ()
