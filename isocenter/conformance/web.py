"""What the conformance statement says of DICOMweb (PS3.18)."""

from typing import Final

from archive.non_patient_classes import KINDS
from config.settings import Settings
from dicomweb.qido_params import MAX_LIMIT
from isocenter.conformance.document import Section, points, section, table

_STUDY: Final = "/studies/{study}"
_SERIES: Final = "/studies/{study}/series/{series}"
_INSTANCE: Final = "/studies/{study}/series/{series}/instances/{instance}"
_FRAMES: Final = _INSTANCE + "/frames/{frames}"
_LEVELS: Final = (_STUDY, _SERIES, _INSTANCE)
_WORKITEM: Final = "/workitems/{workitem}"
_RESOURCES: Final = (
    ("Search", "GET", ("/studies", "/series", "/instances"), "10.6"),
    ("Search", "GET", (f"{_STUDY}/series", f"{_STUDY}/instances", f"{_SERIES}/instances"), "10.6"),
    ("Retrieve", "GET", _LEVELS, "10.4.1.1.1"),
    ("Retrieve metadata", "GET", tuple(f"{level}/metadata" for level in _LEVELS), "10.4.1.1.2"),
    ("Retrieve frames", "GET", (_FRAMES,), "10.4.1.1.6"),
    ("Retrieve bulk data", "GET", tuple(f"{level}/bulkdata" for level in _LEVELS), "10.4.1.1.5"),
    ("Retrieve bulk data", "GET", (f"{_INSTANCE}/bulkdata/{{path}}",), "10.4.1.1.5"),
    ("Retrieve pixel data", "GET", tuple(f"{level}/pixeldata" for level in _LEVELS), "10.4.1.1.7"),
    ("Retrieve rendered", "GET", tuple(f"{level}/rendered" for level in (*_LEVELS, _FRAMES)), "10.4.1.1.3"),
    ("Retrieve thumbnail", "GET", tuple(f"{level}/thumbnail" for level in (*_LEVELS, _FRAMES)), "10.4.1.1.4"),
    ("Retrieve by URI, outside the root", "GET", ("/wado",), "9"),
    ("Store", "POST", ("/studies", _STUDY), "10.5"),
    ("Create, search workitems", "POST, GET", ("/workitems",), "11.4, 11.9"),
    ("Retrieve, update workitem", "GET, POST", (_WORKITEM,), "11.5, 11.6"),
    ("Change workitem state", "PUT", (f"{_WORKITEM}/state",), "11.7"),
    ("Request cancellation", "POST", (f"{_WORKITEM}/cancelrequest",), "11.8"),
    ("Subscribe, unsubscribe", "POST, DELETE", (f"{_WORKITEM}/subscribers/{{ae_title}}",), "11.10, 11.11"),
    ("Suspend global subscription", "POST", (f"{_WORKITEM}/subscribers/{{ae_title}}/suspend",), "11.12"),
    ("Event reports", "WebSocket", ("/subscribers/{ae_title}",), "8.10.4, 11.13"),
    ("Search, store what belongs to no patient", "GET, POST", tuple(f"/{name}" for name in KINDS), "12.5, 12.6"),
    ("Retrieve, store one of it", "GET, POST", tuple(f"/{name}/{{instance}}" for name in KINDS), "12.4, 12.5"),
    ("Capabilities", "OPTIONS", ("/", "/studies", _STUDY), "8.9"),
)
_FAILURE_REASONS: Final = (
    ("A700", "out of resources"),
    ("A900", "the data set does not match its announcement, or another study is in the path"),
    ("C000", "the data set or its metadata cannot be parsed, or exceeds a limit"),
    ("C001", "bulk data that the metadata names is not in the request"),
    ("C002", "several parts have one Content-Location, or several attributes name one part"),
    ("C003", "a part is named by no metadata; in Other Failures Sequence (0008,119A)"),
    ("0110", "processing failure"),
    ("0111", "another object has this SOP Instance UID"),
    ("0122", "SOP class not supported"),
    ("C122", "transfer syntax not supported"),
)


def web(settings: Settings) -> Section:
    """Describe the origin server."""
    root = f"http://{settings.web.host}:{settings.web.port}/dicom-web"
    return section(
        "DICOMweb",
        f"Root: `{root}`. Authentication is required: session, HTTP Basic, or a bearer token; TLS is that of the proxy "
        "in front.",
        table(
            ("Transaction", "Method", "Resources", "PS3.18"),
            ((name, method, ", ".join(map("`{}`".format, paths)), part) for name, method, paths, part in _RESOURCES),
        ),
        section(
            "Search",
            points(
                "The keys, levels and matching are those of C-FIND (section 4.3), with relational queries and combined "
                "date and time always on. `TimezoneOffsetFromUTC` is the time zone of the request.",
                "`includefield`, `limit`, `offset` and `fuzzymatching` are supported; unknown parameters are answered "
                f"400. At most {MAX_LIMIT:,} matches are given at once; `Warning: 299` says how many more there are.",
                '`application/dicom+json`, `application/json`, and `multipart/related; type="application/dicom+xml"`.',
                "No matches are 204 where Accept names a DICOM media type, and an empty array otherwise.",
            ),
        ),
        section(
            "Retrieve",
            "Objects and frames are given as stored, or decompressed where the request accepts nothing else "
            "(`transfer-syntax`); 406 where that is impossible. Metadata is DICOM JSON.",
            points(
                "Images are rendered as `image/jpeg`, `image/png`, `image/gif` and `image/jp2`; those of several "
                "frames also as `video/mp4` with H.264, 4:2:0.",
                "Stored video is rendered as it is stored: `video/mpeg` (MPEG-2), `video/mp4` (H.264) or `video/H265` "
                "(HEVC); as `video/mp4` with H.264 in any case.",
            ),
        ),
        _store(settings),
        section(
            "What belongs to no patient",
            points(
                "Stored by the same rules as objects of studies, but 200 when some are; found by the keys of PS3.4 "
                "Annexes U, X, BB, HH, II and JJ.",
                "Given as `application/dicom`, `application/dicom+json` and `application/dicom+xml`.",
                "The colour palettes of PS3.6 Annex B are always there, and cannot be stored.",
            ),
        ),
        section(
            "Workitems",
            "The workitems and rules are those of DIMSE (section 4). Data sets are taken and given as DICOM "
            "JSON or XML. Event reports of subscriptions that are made here go over the WebSocket of the "
            "subscriber; those it misses are kept for a day.",
        ),
    )


def _store(settings: Settings) -> Section:
    return section(
        "Store",
        points(
            "`application/dicom`, alone or as `multipart/related`, streamed to the disk.",
            "Metadata as `application/dicom+json` or `application/dicom+xml`, alone or as `multipart/related` with "
            "bulk data; objects are written in Explicit VR Little Endian, or in the transfer syntax of their "
            "compressed bulk data, and in UTF-8. Nothing is fetched from a BulkDataURI.",
            f"A request has {settings.web.max_upload_bytes} bytes at most (413).",
            "200: all are stored. 202: some are. 409: none is. 507, 503: none is, for want of room or of the database. "
            "408: nothing came for 60 seconds. Nothing is coerced, and there are no Warning Reasons. The Failure "
            "Reasons (0008,1197):",
        ),
        table(("Failure Reason", "Meaning"), _FAILURE_REASONS),
    )
