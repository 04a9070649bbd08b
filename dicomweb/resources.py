"""The resources of DICOMweb, and what can be done with each (PS3.18 Sections 9, 10.3, 10.4 and 12).

The routes are made by the same paths, so that a description cannot speak of what is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from archive.non_patient_classes import KINDS, Kind
from dicomweb.frame_formats import OCTETS, compressed_media_types
from dicomweb.native_xml import XML
from dicomweb.rendering.encoding import MEDIA_TYPES
from dicomweb.rendering.pages import HTML, PLAIN
from dicomweb.rendering.pages import XML as TEXT_XML
from dicomweb.rendering.stored_video import VIDEO_TYPES
from dicomweb.services import ROOT

STUDIES: Final = f"{ROOT}/studies"
STUDY: Final = f"{STUDIES}/{{study_uid}}"
SERIES: Final = f"{STUDY}/series/{{series_uid}}"
INSTANCE: Final = f"{SERIES}/instances/{{sop_uid}}"
FRAMES: Final = f"{INSTANCE}/frames/{{frames}}"
LEVELS: Final = (STUDY, SERIES, INSTANCE)
VALUE: Final = f"{INSTANCE}/bulkdata/{{path:path}}"
URI: Final = "/wado"
WORKITEMS: Final = f"{ROOT}/workitems"
WORKITEM: Final = f"{WORKITEMS}/{{workitem_uid}}"
SUBSCRIBER: Final = f"{WORKITEM}/subscribers/{{ae_title}}"
NON_PATIENT: Final[Mapping[str, Kind]] = {f"{ROOT}/{name}": kind for name, kind in KINDS.items()}
"""Resources of objects that belong to no patient (PS3.18 Table 12.1.1-1)."""

_DICOM: Final = "application/dicom"
_JSON: Final = "application/dicom+json"
_IMAGES: Final = (OCTETS, *compressed_media_types())
_MODELS: Final = ("application/pdf", "model/stl", "model/obj", "model/mtl")
_SHOWN: Final = (*MEDIA_TYPES, *VIDEO_TYPES, HTML, PLAIN, TEXT_XML, *_MODELS)
_PICTURE: Final = ("accept", "annotation", "iccprofile", "quality", "viewport", "window")
_THUMBNAIL: Final = tuple(name for name in _PICTURE if name != "annotation")
_SEARCH: Final = ("accept", "fuzzymatching", "includefield", "limit", "offset", "{attributeID}")
_URI_QUERY: Final = (
    *("requestType", "studyUID", "seriesUID", "objectUID", "contentType", "charset", "transferSyntax", "frameNumber"),
    *("rows", "columns", "region", "windowCenter", "windowWidth", "imageQuality", "annotation"),
    *("presentationSeriesUID", "presentationUID"),
)


@dataclass(frozen=True, slots=True)
class Method:
    """What can be done with a resource.

    Parameters
    ----------
    name
        Of the HTTP method.
    id
        Of the transaction.
    gives, takes
        Media types of answer and request.
    query
        Query parameters.
    """

    name: str
    id: str
    gives: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    query: tuple[str, ...] = ()


def _parts(*media_types: str) -> tuple[str, ...]:
    return tuple(f'multipart/related; type="{media_type}"' for media_type in media_types)


def _search(name: str) -> Method:
    return Method("GET", f"SearchFor{name}", (_JSON, *_parts(XML)), query=_SEARCH)


def _retrieve(name: str, *gives: str, query: tuple[str, ...] = ("accept",)) -> Method:
    return Method("GET", f"Retrieve{name}", gives, query=query)


_STORE: Final = Method(
    "POST",
    "StoreInstances",
    (_JSON, XML, *_parts(XML)),
    (_DICOM, _JSON, XML, *_parts(_DICOM, _JSON, XML)),
    query=("accept",),
)
_NAMES: Final = dict(zip(LEVELS, ("Study", "Series", "Instance"), strict=True))


def _of_level(level: str) -> dict[str, tuple[Method, ...]]:
    name = _NAMES[level]
    alone = (_DICOM,) if level == INSTANCE else ()
    retrieve = _retrieve(name, *_parts(_DICOM, OCTETS), *alone)
    store = (_STORE,) if level == STUDY else ()
    shown = (*_SHOWN, *_parts(*_SHOWN)) if level == INSTANCE else _parts(*_SHOWN)
    return {
        level: (retrieve, *store, Method("DELETE", f"Delete{name}")),
        f"{level}/metadata": (_retrieve(f"{name}Metadata", _JSON, *_parts(XML)),),
        f"{level}/rendered": (_retrieve(f"Rendered{name}", *shown, query=_PICTURE),),
        f"{level}/thumbnail": (_retrieve(f"{name}Thumbnail", *MEDIA_TYPES, query=_THUMBNAIL),),
        f"{level}/bulkdata": (_retrieve(f"{name}BulkData", *_parts(*_IMAGES)),),
        f"{level}/pixeldata": (_retrieve(f"{name}PixelData", *_parts(*_IMAGES)),),
    }


# PS3.18 Table 11.1-1.
_WORKLIST: Final[Mapping[str, tuple[Method, ...]]] = {
    WORKITEMS: (_search("Workitems"), Method("POST", "CreateWorkitem", takes=(_JSON, XML), query=("workitem",))),
    WORKITEM: (
        _retrieve("Workitem", _JSON, XML, *_parts(XML)),
        Method("POST", "UpdateWorkitem", takes=(_JSON, XML), query=("transaction",)),
    ),
    f"{WORKITEM}/state": (Method("PUT", "ChangeWorkitemState", takes=(_JSON, XML)),),
    f"{WORKITEM}/cancelrequest": (Method("POST", "RequestCancellation", takes=(_JSON, XML)),),
    SUBSCRIBER: (
        Method("POST", "Subscribe", query=("deletionlock", "filter")),
        Method("DELETE", "Unsubscribe"),
    ),
    f"{SUBSCRIBER}/suspend": (Method("POST", "SuspendGlobalSubscription"),),
}


def one_of(path: str) -> str:
    """Give the resource of one object that belongs to no patient."""
    return f"{path}/{{sop_uid}}"


def _of_kind(path: str, kind: Kind) -> dict[str, tuple[Method, ...]]:
    name = "".join(part.title() for part in kind.name.split("-"))
    store = replace(_STORE, id=f"Store{name}")
    retrieve = _retrieve(name, _DICOM, _JSON, XML, *_parts(_DICOM, XML))
    return {
        path: (_search(name), store),
        one_of(path): (retrieve, replace(store, id=f"Store{name}Instance"), Method("DELETE", f"Delete{name}")),
    }


RESOURCES: Final[Mapping[str, tuple[Method, ...]]] = {
    STUDIES: (_search("Studies"), _STORE),
    f"{ROOT}/series": (_search("Series"),),
    f"{ROOT}/instances": (_search("Instances"),),
    f"{STUDY}/series": (_search("StudySeries"),),
    f"{STUDY}/instances": (_search("StudyInstances"),),
    f"{SERIES}/instances": (_search("SeriesInstances"),),
    **{path: methods for level in LEVELS for path, methods in _of_level(level).items()},
    FRAMES: (_retrieve("Frames", *_IMAGES, *_parts(*_IMAGES)),),
    f"{FRAMES}/rendered": (_retrieve("RenderedFrames", *MEDIA_TYPES, *_parts(*MEDIA_TYPES), query=_PICTURE),),
    f"{FRAMES}/thumbnail": (_retrieve("FrameThumbnail", *MEDIA_TYPES, query=_THUMBNAIL),),
    VALUE: (_retrieve("BulkDataValue", *_IMAGES, *_parts(*_IMAGES)),),
    URI: (_retrieve("InstanceByUri", _DICOM, *_SHOWN, query=_URI_QUERY),),
    **_WORKLIST,
    **{path: methods for each, kind in NON_PATIENT.items() for path, methods in _of_kind(each, kind).items()},
}
"""Every resource with its methods, HEAD and OPTIONS aside: these are everywhere."""
