"""What a C-GET must be able to receive: the SOP classes of a study, and the contexts for them.

An association has room for 128 contexts (PS3.8 Section 9.3.2.2), fewer than there are SOP classes and transfer syntaxes
to them. So the peer is asked first what the study consists of.
"""

from collections.abc import Sequence
from typing import Final

from pynetdicom import StoragePresentationContexts

from routing.errors import WireError
from routing.negotiation import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, MAX_CONTEXTS
from routing.peers import Peer
from routing.remote_query import Level, RemoteQuery, find

_UNCOMPRESSED: Final = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
# JPEG lossless and baseline, JPEG 2000, JPEG-LS, RLE, HTJ2K, video, deflated: what archives keep most often first.
_COMPRESSED: Final = (
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
    "1.2.840.10008.1.2.4.100",
    "1.2.840.10008.1.2.4.102",
    "1.2.840.10008.1.2.4.103",
    "1.2.840.10008.1.2.1.99",
)
# A series has one SOP class as a rule; some mix images with a report or with presentation states.
_LOOKED_AT: Final = 20
_MOST_SERIES: Final = 100

Pair = tuple[str, tuple[str, ...]]


def classes_of(peer: Peer, study_uid: str, series_uids: Sequence[str] = ()) -> list[str]:
    """List the SOP classes of a study as the peer tells them; all usual ones when it does not."""
    try:
        wanted = list(series_uids) or _series_of(peer, study_uid)
        classes = {sop_class for series_uid in wanted for sop_class in _classes_of(peer, study_uid, series_uid)}
    except WireError:
        # A peer that gives but does not tell is still worth a try.
        classes = set()
    return sorted(classes - {""}) or [str(context.abstract_syntax) for context in StoragePresentationContexts]


def _series_of(peer: Peer, study_uid: str) -> list[str]:
    query = RemoteQuery(level=Level.SERIES, keys={"StudyInstanceUID": study_uid}, limit=_MOST_SERIES)
    return list(dict.fromkeys(match["SeriesInstanceUID"] for match in find(peer, query).matches))


def _classes_of(peer: Peer, study_uid: str, series_uid: str) -> set[str]:
    keys = {"StudyInstanceUID": study_uid, "SeriesInstanceUID": series_uid}
    return {
        match["SOPClassUID"]
        for match in find(peer, RemoteQuery(level=Level.IMAGE, keys=keys, limit=_LOOKED_AT)).matches
    }


def storage_pairs(classes: Sequence[str], taken: int) -> list[Pair]:
    """Make as many contexts for `classes` as fit beside `taken` others.

    Each compressed transfer syntax stands in a context of its own where there is room, so that the peer can send every
    object as it is stored; where there is none, objects come uncompressed.
    """
    room = MAX_CONTEXTS - taken
    shown = classes[:room]
    each = room // len(shown) - 1
    pairs: list[Pair] = [(sop_class, _UNCOMPRESSED) for sop_class in shown]
    return pairs + [(sop_class, (syntax,)) for sop_class in shown for syntax in _COMPRESSED[:each]]
