"""Normal forms: what the `*_match` columns hold and what query values become before they are compared.

Both sides go through the same function, so that matching does not depend on the character set, the case or the
padding a sender chose. `*` and `?` pass unchanged, so that patterns can be normalized like values.
"""

import unicodedata
from typing import Final

_GROUP: Final = "="
_COMPONENT: Final = "^"


def normalize_text(text: str) -> str:
    """Return the form in which identifiers and descriptions are compared.

    Spaces around a value do not count (PS3.5 Section 6.2, SH and LO); case does not either, because identifiers are
    typed by people and both databases must agree.
    """
    return " ".join(_fold(text).split())


def normalize_name(text: str) -> str:
    """Return the form in which person names are compared (PS3.5 Section 6.2.1, PS3.4 Section C.2.2.2.1).

    Case does not count, neither do spaces around components and empty components at the end: `Doe^John^^` and
    `DOE ^ JOHN` are one name. The component groups (alphabetic, ideographic, phonetic) stay apart.
    """
    groups = [_normalize_group(group) for group in _fold(text).split(_GROUP)]
    return _GROUP.join(groups).rstrip(_GROUP)


def name_pattern(text: str) -> str:
    """Return the form of a key for person names.

    A component group that is left empty before others is not asked about, as a key without value asks for nothing
    (PS3.4 Section C.2.2.2.3): `=Ideographic` is how a name is looked for by that group alone.
    """
    return _GROUP.join(group or "*" for group in normalize_name(text).split(_GROUP))


def _normalize_group(group: str) -> str:
    components = [" ".join(component.split()) for component in group.split(_COMPONENT)]
    return _COMPONENT.join(components).rstrip(_COMPONENT)


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    # Folding may compose or decompose letters again, so composition comes last.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
