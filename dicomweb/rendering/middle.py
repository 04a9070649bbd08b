"""What stands for many: the middle of a stack shows what it is of."""

from collections.abc import Sequence

from archive.retrieve import StoredInstance
from dicomweb.rendering.stored_video import is_video


def middle_of(images: Sequence[StoredInstance]) -> StoredInstance:
    """Choose the image that stands for all of them."""
    return images[len(images) // 2]


def middle_frame(image: StoredInstance) -> int:
    """Choose a frame, counted from 1: the middle one of a plausible number, which may still be a wrong one."""
    if image.number_of_frames is None or is_video(image.transfer_syntax_uid):
        # The middle of a video is found by decoding half of it.
        return 1
    return max(1, (image.number_of_frames + 1) // 2)
