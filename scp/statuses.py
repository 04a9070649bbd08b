"""DIMSE statuses of this node's answers: PS3.7 Annex C, PS3.4 Tables B.2-1, C.4-1 to 3 and CC.2.1-2 to CC.2.6-1."""

from enum import IntEnum
from typing import Final

from archive.errors import (
    DatabaseUnavailable,
    DuplicateRefused,
    InvalidQuery,
    LimitExceeded,
    NodeError,
    NotParsable,
    ObjectTooLarge,
    StorageFailed,
    StorageFull,
    UidMismatch,
)


class Status(IntEnum):
    """Values of (0000,0900)."""

    SUCCESS = 0x0000
    OPTIONAL_ATTRIBUTES_UNSUPPORTED = 0x0001
    NO_SUCH_ATTRIBUTE = 0x0105
    INVALID_ATTRIBUTE_VALUE = 0x0106
    PROCESSING_FAILURE = 0x0110
    DUPLICATE_INSTANCE = 0x0111
    NO_SUCH_INSTANCE = 0x0112
    NO_SUCH_EVENT_TYPE = 0x0113
    INVALID_ARGUMENT_VALUE = 0x0115
    INVALID_INSTANCE = 0x0117
    MISSING_ATTRIBUTE = 0x0120
    MISSING_ATTRIBUTE_VALUE = 0x0121
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    NO_SUCH_ACTION = 0x0123
    NOT_AUTHORIZED = 0x0124
    UNRECOGNIZED_OPERATION = 0x0211
    RESOURCE_LIMITATION = 0x0213
    OUT_OF_RESOURCES = 0xA700
    NO_MATCHES_COUNTED = 0xA701
    SUBOPERATIONS_NOT_PERFORMED = 0xA702
    MOVE_DESTINATION_UNKNOWN = 0xA801
    DATA_SET_MISMATCH = 0xA900
    SUBOPERATIONS_WITH_FAILURES = 0xB000
    UPS_CREATED_WITH_MODIFICATIONS = 0xB300
    UPS_LOCK_NOT_GRANTED = 0xB301
    UPS_ALREADY_CANCELED = 0xB304
    UPS_ALREADY_COMPLETED = 0xB306
    CANNOT_UNDERSTAND = 0xC000
    UPS_NO_LONGER_UPDATED = 0xC300
    UPS_WRONG_TRANSACTION = 0xC301
    UPS_ALREADY_IN_PROGRESS = 0xC302
    UPS_ONLY_CREATED_SCHEDULED = 0xC303
    UPS_FINAL_STATE_NOT_MET = 0xC304
    UPS_NO_SUCH_UPS = 0xC307
    UPS_SUBSCRIBER_UNKNOWN = 0xC308
    UPS_NOT_CREATED_SCHEDULED = 0xC309
    UPS_NOT_IN_PROGRESS = 0xC310
    UPS_CANNOT_CANCEL_COMPLETED = 0xC311
    UPS_PERFORMER_NOT_CONTACTED = 0xC312
    UPS_ACTION_NOT_APPROPRIATE = 0xC314
    CANCELED = 0xFE00
    PENDING = 0xFF00
    PENDING_KEYS_UNSUPPORTED = 0xFF01


# From the special to the general: the first class an error belongs to counts.
_BY_ERROR: Final[tuple[tuple[type[NodeError], Status, str], ...]] = (
    (UidMismatch, Status.DATA_SET_MISMATCH, "Data set does not match the SOP class or instance"),
    (LimitExceeded, Status.CANNOT_UNDERSTAND, "Data set exceeds a limit of this node"),
    (NotParsable, Status.CANNOT_UNDERSTAND, "Data set cannot be parsed"),
    (InvalidQuery, Status.DATA_SET_MISMATCH, "Identifier cannot be answered"),
    (DuplicateRefused, Status.DUPLICATE_INSTANCE, "Instance exists with other content"),
    (ObjectTooLarge, Status.OUT_OF_RESOURCES, "Object is larger than this node takes"),
    (StorageFull, Status.OUT_OF_RESOURCES, "Storage is full"),
    (StorageFailed, Status.OUT_OF_RESOURCES, "Storage failed"),
    (DatabaseUnavailable, Status.OUT_OF_RESOURCES, "Index is not available"),
    (NodeError, Status.PROCESSING_FAILURE, "Processing failure"),
)


def status_of(error: NodeError) -> tuple[Status, str]:
    """Give the status of `error` and a comment for (0000,0902): fixed words, so that nothing of a patient gets in."""
    return next((status, comment) for kind, status, comment in _BY_ERROR if isinstance(error, kind))
