"""Whether objects are really kept: looked up in the index, read again from the disk, and compared with their hash."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from itertools import islice
from typing import Final

from archive import retrieve
from archive.blobs import FileBlobs
from archive.commitments import Reference, Refused
from archive.content_hash import hash_data_set
from archive.database import Database
from archive.retrieve import StoredInstance

_AT_ONCE: Final = 500


class FailureReason(IntEnum):
    """Why an object is not committed, PS3.3 Section C.14.1.1."""

    PROCESSING_FAILURE = 0x0110
    NO_SUCH_OBJECT_INSTANCE = 0x0112
    CLASS_INSTANCE_CONFLICT = 0x0119


def examine(
    database: Database,
    blobs: FileBlobs,
    tenant: str,
    items: Sequence[Reference],
    *,
    progress: Callable[[], object] = lambda: None,
) -> list[Refused]:
    """Find those of `items` that this node cannot answer for.

    Parameters
    ----------
    database, blobs
        Index and files.
    tenant
        Whose objects they are.
    items
        What is asked about.
    progress
        Called after each object.
    """
    refused = []
    for part in _parts(items):
        found = database.read(retrieve.instances, tenant, sop_uids=[item.sop_instance_uid for item in part])
        known = {str(instance.sop_instance_uid): instance for instance in found}
        for item in part:
            reason = _reason(blobs, item, known.get(item.sop_instance_uid))
            if reason is not None:
                refused.append(Refused(*item, reason=int(reason)))
            progress()
    return refused


def _parts(items: Iterable[Reference]) -> Iterator[list[Reference]]:
    remaining = iter(items)
    while part := list(islice(remaining, _AT_ONCE)):
        yield part


def _reason(blobs: FileBlobs, item: Reference, instance: StoredInstance | None) -> FailureReason | None:
    if instance is None:
        return FailureReason.NO_SUCH_OBJECT_INSTANCE
    if str(instance.sop_class_uid) != item.sop_class_uid:
        return FailureReason.CLASS_INSTANCE_CONFLICT
    return None if _is_whole(blobs, instance) else FailureReason.PROCESSING_FAILURE


def _is_whole(blobs: FileBlobs, instance: StoredInstance) -> bool:
    try:
        descriptor = os.open(blobs.path(instance.key), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # What the system remembers of the file says nothing about the disk.
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        known = instance.content_hash
        return hash_data_set(descriptor, instance.data_offset, like=known) == known
    except OSError:
        return False
    finally:
        os.close(descriptor)
