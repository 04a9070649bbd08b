"""What is kept on record of associations."""

from typing import Protocol


class Recorder(Protocol):
    """Writes associations to the index, where the API and the settling of series see them."""

    def opened(self, *, tenant: str, calling_ae_title: str, called_ae_title: str, address: str) -> int:
        """Record an association that is about to be accepted; gives its number."""

    def closed(self, association_id: int) -> None:
        """Record a release."""

    def aborted(self, association_id: int, reason: str) -> None:
        """Record an end without release."""

    def rejected(self, *, calling_ae_title: str, called_ae_title: str, address: str, reason: str) -> None:
        """Record a refused association."""
