"""The base of all sections, and the types their keys have."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict

AE_TITLE_LENGTH = 16
_FIRST_PRINTABLE, _DELETE = 0x20, 0x7F


class Section(BaseModel):
    """A part of the configuration: nothing is converted silently, nothing unknown is accepted, nothing changes."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", populate_by_name=True)


def _ae_title(text: str) -> str:
    title = text.strip(" ")
    if not 1 <= len(title) <= AE_TITLE_LENGTH:
        raise ValueError("an AE title has 1 to 16 characters")
    if any(not _FIRST_PRINTABLE <= ord(character) < _DELETE or character == "\\" for character in title):
        raise ValueError("an AE title has no backslash, control or non-ASCII characters")
    return title


def _network(text: str) -> str:
    return str(ip_network(text, strict=False))


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else _as_tuple(value)


# The value representation AE of PS3.5 Table 6.2-1.
AETitle = Annotated[str, AfterValidator(_ae_title)]
Network = Annotated[str, AfterValidator(_network)]
Port = Annotated[int, Field(ge=0, le=65535)]
PeerPort = Annotated[int, Field(ge=1, le=65535)]
Positive = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
FilePath = Annotated[Path, Strict(strict=False)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Tenant = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]

AsTuple = BeforeValidator(_as_tuple)
# A match key of a rule may be written as one text or as a list of them.
Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_more)]
