"""What can go wrong in the archive. An error's docstring is its message; edges translate to statuses."""


class NodeError(Exception):
    """The node could not do what was asked."""

    def __init__(self, detail: str = "") -> None:
        message = (type(self).__doc__ or "").strip()
        super().__init__(f"{message} {detail}".strip() if detail else message)
        self.detail = detail


class UidMismatch(NodeError):
    """The data set does not match the SOP Class or SOP Instance UID it was announced with."""


class NotParsable(NodeError):
    """The data set cannot be understood."""


class LimitExceeded(NotParsable):
    """The data set exceeds a limit of this node."""


class SopClassNotSupported(NodeError):
    """Objects of this SOP class are not stored."""


class TransferSyntaxNotSupported(NodeError):
    """Objects are not stored in this transfer syntax."""


class ObjectTooLarge(NodeError):
    """The object is larger than this node takes."""


class StorageFull(NodeError):
    """The storage has no space left."""


class StorageFailed(NodeError):
    """The storage refused to write."""


class DatabaseUnavailable(NodeError):
    """The database did not take the change in time."""


class CommitUnknown(DatabaseUnavailable):
    """The database went away in the middle of a commit; the change may have been made."""


class DuplicateRefused(NodeError):
    """An object with this SOP Instance UID and other content is here already; the first one is kept."""


class NotFound(NodeError):
    """There is no such object."""


class Conflict(NodeError):
    """The state of the object does not allow this."""


class InvalidQuery(NodeError):
    """The query cannot be answered."""


class NotTranscodable(NodeError):
    """The object cannot be converted to the wanted transfer syntax."""
