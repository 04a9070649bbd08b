"""A-ASSOCIATE-RJ in words, PS3.8 Table 9-21 (Section 9.3.4)."""

from dataclasses import dataclass
from typing import Final

_REASONS: Final = {
    (1, 1): "no reason given",
    (1, 2): "application context not supported",
    (1, 3): "calling AE title not recognized",
    (1, 7): "called AE title not recognized",
    (2, 1): "no reason given",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why an association was refused.

    Parameters
    ----------
    result
        1 permanent, 2 transient.
    source
        1 service user, 2 provider (ACSE), 3 provider (presentation).
    reason
        Meaning depends on the source.
    detail
        What the numbers do not tell, for our own records; it is not sent.
    """

    result: int
    source: int
    reason: int
    detail: str = ""

    @property
    def text(self) -> str:
        """The three numbers and their meaning, for example ``1/1/3 calling AE title not recognized``."""
        meaning = _REASONS.get((self.source, self.reason), "reserved reason")
        text = f"{self.result}/{self.source}/{self.reason} {meaning}"
        return f"{text} ({self.detail})" if self.detail else text


CALLED_AE_UNKNOWN: Final = Rejection(result=1, source=1, reason=7)
CALLING_AE_UNKNOWN: Final = Rejection(result=1, source=1, reason=3)
APPLICATION_CONTEXT_UNKNOWN: Final = Rejection(result=1, source=1, reason=2)
PROTOCOL_VERSION_UNKNOWN: Final = Rejection(result=1, source=2, reason=2)
TEMPORARY_CONGESTION: Final = Rejection(result=2, source=3, reason=1)
LOCAL_LIMIT_EXCEEDED: Final = Rejection(result=2, source=3, reason=2)
