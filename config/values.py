"""The base of all sections, and the types their keys have."""

import re
from ipaddress import IPv6Address, ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict

AE_TITLE_LENGTH = 16
_UID_LENGTH = 64
_FIRST_PRINTABLE, _DELETE = 0x20, 0x7F
# Defined terms of PS3.3 Tables C.12-2 to C.12-5, by the number of ISO's register.
_SINGLE_BYTE = (6, 13, 100, 101, 109, 110, 126, 127, 138, 144, 148, 166, 203)
_CODE_EXTENSIONS = frozenset(f"ISO 2022 IR {number}" for number in (*_SINGLE_BYTE, 58, 87, 149, 159))
_CHARACTER_SETS = _CODE_EXTENSIONS | {f"ISO_IR {number}" for number in (*_SINGLE_BYTE, 192)} | {"GB18030", "GBK"}


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


def _host(text: str) -> str:
    if any(character.isspace() or character in "/\\@" for character in text) or not _may_have_colons(text):
        raise ValueError("a host is a name or an address, without scheme, port or path")
    return text


def _may_have_colons(text: str) -> bool:
    """Tell whether colons are those of an IPv6 address, not what divides a host and a port."""
    if ":" not in text:
        return True
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _uid(text: str) -> str:
    # PS3.5 Section 9.1.
    if len(text) > _UID_LENGTH or not re.fullmatch(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+", text):
        raise ValueError("a transfer syntax is a UID, such as 1.2.840.10008.1.2.1")
    return text


def _network(text: str) -> str:
    return str(ip_network(text, strict=False))


def subject_attributes(text: str) -> frozenset[str]:
    """Split the subject of a certificate, `CN=ct1, O=Hospital`; a comma in a value stands behind a backslash."""
    parts = (part.replace("\\,", ",").partition("=") for part in re.split(r"(?<!\\),", text))
    return frozenset(f"{name.strip().upper()}={value.strip()}" for name, _, value in parts)


def _certificate(text: str) -> str:
    if "=" in text:
        if any(not name or not value for name, _, value in (each.partition("=") for each in subject_attributes(text))):
            raise ValueError("a subject is written as CN=ct1, O=Hospital")
        return text.strip()
    fingerprint = text.replace(":", "").replace(" ", "").lower()
    if not re.fullmatch("[0-9a-f]{64}", fingerprint):
        raise ValueError("a certificate is a SHA-256 fingerprint (64 hexadecimal digits) or a subject (CN=ct1)")
    return fingerprint


def _character_set(text: str) -> str:
    first, *others = (term.strip(" ") for term in text.split("\\"))
    # The first may be blank before code extensions: the default repertoire (PS3.3 Section C.12.1.1.2).
    if (first not in _CHARACTER_SETS and not (others and not first)) or not _CODE_EXTENSIONS.issuperset(others):
        raise ValueError(
            "a character set is a defined term of Specific Character Set, such as ISO_IR 192 (UTF-8) or ISO_IR 100; "
            "code extensions follow behind backslashes"
        )
    return "\\".join((first, *others))


def _password_hash(text: str) -> str:
    if not text.startswith("$argon2id$"):
        raise ValueError("a password hash is what `isocenter ae password` prints")
    return text


def _origin(text: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.\-_\[\]:]+", text):
        raise ValueError("an origin is scheme, host and port as browsers send them: https://viewer.example:8443")
    return text.lower()


def _data_dir(value: Any) -> Any:
    text = str(value)
    if not text:
        raise ValueError("a folder must be named")
    if text.startswith("~"):
        raise ValueError("the whole path is needed: ~ is not expanded")
    if "?" in text:
        raise ValueError("a question mark in the path would end the URL of the index: take another folder")
    return value


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else _as_tuple(value)


# The value representation AE of PS3.5 Table 6.2-1.
AETitle = Annotated[str, AfterValidator(_ae_title)]
Certificate = Annotated[str, AfterValidator(_certificate)]
CharacterSet = Annotated[str, AfterValidator(_character_set)]
PasswordHash = Annotated[str, AfterValidator(_password_hash)]
Host = Annotated[str, Field(min_length=1), AfterValidator(_host)]
TransferSyntax = Annotated[str, AfterValidator(_uid)]
Network = Annotated[str, AfterValidator(_network)]
CorsOrigin = Annotated[str, AfterValidator(_origin)]
Port = Annotated[int, Field(ge=0, le=65535)]
PeerPort = Annotated[int, Field(ge=1, le=65535)]
# What is kept for each (a slot, a process) is made at the start; bytes are counted in 64 bits.
Number = Annotated[int, Field(ge=1, le=1_000_000)]
Processes = Annotated[int, Field(ge=1, le=1_000)]
Bytes = Annotated[int, Field(ge=0, le=1 << 60)]
Limit = Annotated[int, Field(ge=1, le=1 << 60)]
# A week and a half: what waits for longer is a mistake, and timers of the operating system end at 24 days.
_MOST_SECONDS = 1_000_000
Seconds = Annotated[float, Field(ge=0, le=_MOST_SECONDS, allow_inf_nan=False)]
TimeLimit = Annotated[float, Field(gt=0, le=_MOST_SECONDS, allow_inf_nan=False)]
FilePath = Annotated[Path, Strict(strict=False)]
DataDir = Annotated[Path, Strict(strict=False), BeforeValidator(_data_dir)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Tenant = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]

AsTuple = BeforeValidator(_as_tuple)
# A match key of a rule may be written as one text or as a list of them.
Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_more, json_schema_input_type=str | list[str])]
Destinations = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_one_or_more, json_schema_input_type=str | list[str]),
    Field(min_length=1),
]
