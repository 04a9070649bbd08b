"""A-ASSOCIATE-RQ and -AC on the wire, PS3.8 Sections 9.3.2 and 9.3.3, user information of PS3.7 Annex D.3.3.

Written by hand rather than with pynetdicom's PDU classes: those need 14 ms for a proposal of 128 contexts (this takes
well under one), end on the item types they do not know, and check lengths by `assert`.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Final

from routing.identity import decode_identity, encode_identity, encode_identity_response
from routing.negotiation import (
    MAX_CONTEXTS,
    AssociateAccept,
    AssociateRequest,
    ContextAnswer,
    ContextResult,
    ProposedContext,
    Roles,
    UserInformation,
)
from routing.pdu import AbortReason, PduType, ProtocolViolation, encode_pdu

_ITEM: Final = Struct(">BxH")
_FIXED: Final = Struct(">HH16s16s32x")
_UINT16: Final = Struct(">H")
_UINT32: Final = Struct(">I")
_WINDOW: Final = Struct(">HH")

_APPLICATION_CONTEXT: Final = 0x10
_CONTEXT_RQ: Final = 0x20
_CONTEXT_AC: Final = 0x21
_ABSTRACT_SYNTAX: Final = 0x30
_TRANSFER_SYNTAX: Final = 0x40
_USER_INFORMATION: Final = 0x50
_MAX_LENGTH: Final = 0x51
_IMPLEMENTATION_CLASS: Final = 0x52
_OPERATIONS_WINDOW: Final = 0x53
_ROLE_SELECTION: Final = 0x54
_IMPLEMENTATION_VERSION: Final = 0x55
_EXTENDED_NEGOTIATION: Final = 0x56
_USER_IDENTITY: Final = 0x58
_USER_IDENTITY_RESPONSE: Final = 0x59

Item = tuple[int, bytes]


def _malformed(detail: str) -> ProtocolViolation:
    return ProtocolViolation(detail, AbortReason.INVALID_PARAMETER)


def _items(body: bytes) -> Iterator[Item]:
    """Split a row of items. Unknown types come too: their reader skips them (PS3.8 Section 9.3.1)."""
    at, end = 0, len(body)
    while at < end:
        if end - at < _ITEM.size:
            raise _malformed("item header cut off")
        kind, length = _ITEM.unpack_from(body, at)
        start, at = at + _ITEM.size, at + _ITEM.size + length
        if at > end:
            raise _malformed(f"item of type {kind:02X}H is longer than what contains it")
        yield kind, body[start:at]


def _item(kind: int, body: bytes) -> bytes:
    return _ITEM.pack(kind, len(body)) + body


def _ascii(value: bytes) -> str:
    # A byte outside ASCII becomes "?", which matches nothing and may be sent back.
    return value.decode("ascii", "replace").replace("\N{REPLACEMENT CHARACTER}", "?")


def _uid(value: bytes) -> str:
    # NUL and space padding is wrong here but common.
    return _ascii(value.rstrip(b"\0 ").lstrip(b" "))


def _fixed(body: bytes) -> tuple[int, bytes, bytes]:
    if len(body) < _FIXED.size:
        raise _malformed("A-ASSOCIATE PDU cut off")
    version, _, called, calling = _FIXED.unpack_from(body)
    return version, called, calling


def decode_request(body: bytes) -> AssociateRequest:
    """Read the body of an A-ASSOCIATE-RQ PDU.

    Raises
    ------
    ProtocolViolation
        When items do not fit, or context IDs are even, repeated, more than 128, or none at all.
    """
    version, called, calling = _fixed(body)
    application_context, user = "", UserInformation(max_pdu=0)
    contexts: list[ProposedContext] = []
    for kind, value in _items(body[_FIXED.size :]):
        if kind == _APPLICATION_CONTEXT:
            application_context = _uid(value)
        elif kind == _CONTEXT_RQ:
            _check_count(contexts)
            contexts.append(_proposed_context(value))
        elif kind == _USER_INFORMATION:
            user = _user_information(value)
    _check_context_ids(contexts)
    return AssociateRequest(
        called_ae_title=called,
        calling_ae_title=calling,
        contexts=tuple(contexts),
        user=user,
        application_context=application_context,
        protocol_version=version,
    )


def decode_accept(body: bytes) -> AssociateAccept:
    """Read the body of an A-ASSOCIATE-AC PDU; raises ProtocolViolation when items do not fit."""
    _, called, calling = _fixed(body)
    application_context, contexts, user = "", [], UserInformation(max_pdu=0)
    for kind, value in _items(body[_FIXED.size :]):
        if kind == _APPLICATION_CONTEXT:
            application_context = _uid(value)
        elif kind == _CONTEXT_AC:
            contexts.append(_context_answer(value))
        elif kind == _USER_INFORMATION:
            user = _user_information(value)
    return AssociateAccept(
        called_ae_title=called,
        calling_ae_title=calling,
        contexts=tuple(contexts),
        user=user,
        application_context=application_context,
    )


def _check_context_ids(contexts: list[ProposedContext]) -> None:
    ids = [context.context_id for context in contexts]
    if not ids or len(set(ids)) != len(ids) or any(number % 2 == 0 for number in ids):
        raise _malformed("presentation contexts need odd and different IDs, and there must be one at least")


def _check_count(contexts: list[ProposedContext]) -> None:
    # Before the rest is read: a request of a megabyte may hold a hundred thousand of them.
    if len(contexts) == MAX_CONTEXTS:
        raise _malformed(f"more than {MAX_CONTEXTS} presentation contexts")


def _proposed_context(value: bytes) -> ProposedContext:
    if len(value) < _ITEM.size:
        raise _malformed("presentation context cut off")
    abstract, transfers = "", []
    for kind, syntax in _items(value[4:]):
        if kind == _ABSTRACT_SYNTAX:
            abstract = _uid(syntax)
        elif kind == _TRANSFER_SYNTAX:
            transfers.append(_uid(syntax))
    return ProposedContext(context_id=value[0], abstract_syntax=abstract, transfer_syntaxes=tuple(transfers))


def _context_answer(value: bytes) -> ContextAnswer:
    if len(value) < _ITEM.size:
        raise _malformed("presentation context cut off")
    transfer = next((_uid(syntax) for kind, syntax in _items(value[4:]) if kind == _TRANSFER_SYNTAX), "")
    # The table ends at 4; anything above can only mean that the context is not usable.
    known = value[2] <= ContextResult.TRANSFER_SYNTAXES_NOT_SUPPORTED
    result = ContextResult(value[2]) if known else ContextResult.NO_REASON
    return ContextAnswer(context_id=value[0], result=result, transfer_syntax=transfer)


def _user_information(value: bytes) -> UserInformation:
    items = list(_items(value))
    single = dict(items)
    return UserInformation(
        max_pdu=_number(single.get(_MAX_LENGTH, bytes(4)), _UINT32),
        implementation_class_uid=_uid(single.get(_IMPLEMENTATION_CLASS, b"")),
        implementation_version_name=_ascii(single.get(_IMPLEMENTATION_VERSION, b"")).strip(),
        operations_window=_window(single.get(_OPERATIONS_WINDOW)),
        roles=dict(_role(body) for kind, body in items if kind == _ROLE_SELECTION),
        extended=dict(_named(body) for kind, body in items if kind == _EXTENDED_NEGOTIATION),
        identity=decode_identity(single[_USER_IDENTITY]) if _USER_IDENTITY in single else None,
        is_identity_taken=_USER_IDENTITY_RESPONSE in single,
    )


def _number(value: bytes, form: Struct) -> int:
    if len(value) != form.size:
        raise _malformed("number of the wrong size in user information")
    return int(form.unpack(value)[0])


def _window(value: bytes | None) -> tuple[int, int] | None:
    if value is None:
        return None
    if len(value) != _WINDOW.size:
        raise _malformed("asynchronous operations window of the wrong size")
    invoked, performed = _WINDOW.unpack(value)
    return invoked, performed


def _named(value: bytes) -> tuple[str, bytes]:
    """Split a sub-item that starts with a SOP class UID and its length."""
    if len(value) < _UINT16.size:
        raise _malformed("sub-item cut off")
    end = _UINT16.size + int(_UINT16.unpack_from(value)[0])
    if end > len(value):
        raise _malformed("UID longer than its sub-item")
    return _uid(value[_UINT16.size : end]), value[end:]


def _role(value: bytes) -> tuple[str, Roles]:
    uid, flags = _named(value)
    if len(flags) < 2:  # noqa: PLR2004  one byte for each role
        raise _malformed("role selection cut off")
    return uid, Roles(scu=flags[0] == 1, scp=flags[1] == 1)


def encode_request(request: AssociateRequest) -> bytes:
    """Encode an A-ASSOCIATE-RQ PDU, PS3.8 Table 9-11."""
    contexts = b"".join(_encode_proposed(context) for context in request.contexts)
    body = _FIXED.pack(request.protocol_version, 0, request.called_ae_title, request.calling_ae_title)
    body += _item(_APPLICATION_CONTEXT, request.application_context.encode()) + contexts
    return encode_pdu(PduType.ASSOCIATE_RQ, body + _encode_user(request.user))


def encode_accept(accept: AssociateAccept) -> bytes:
    """Encode an A-ASSOCIATE-AC PDU, PS3.8 Table 9-17."""
    contexts = b"".join(
        _item(
            _CONTEXT_AC,
            bytes((answer.context_id, 0, answer.result, 0)) + _item(_TRANSFER_SYNTAX, answer.transfer_syntax.encode()),
        )
        for answer in accept.contexts
    )
    body = _FIXED.pack(1, 0, accept.called_ae_title, accept.calling_ae_title)
    body += _item(_APPLICATION_CONTEXT, accept.application_context.encode()) + contexts
    return encode_pdu(PduType.ASSOCIATE_AC, body + _encode_user(accept.user))


def _encode_proposed(context: ProposedContext) -> bytes:
    body = bytes((context.context_id, 0, 0, 0)) + _item(_ABSTRACT_SYNTAX, context.abstract_syntax.encode())
    body += b"".join(_item(_TRANSFER_SYNTAX, syntax.encode()) for syntax in context.transfer_syntaxes)
    return _item(_CONTEXT_RQ, body)


def _encode_user(user: UserInformation) -> bytes:
    """Encode the sub-items in ascending order of type, as PS3.7 Annex D.3.3 lists them."""
    body = _item(_MAX_LENGTH, _UINT32.pack(user.max_pdu))
    body += _item(_IMPLEMENTATION_CLASS, user.implementation_class_uid.encode())
    if user.operations_window:
        body += _item(_OPERATIONS_WINDOW, _WINDOW.pack(*user.operations_window))
    for uid, roles in user.roles.items():
        body += _item(_ROLE_SELECTION, _encode_named(uid) + bytes((roles.scu, roles.scp)))
    body += _item(_IMPLEMENTATION_VERSION, user.implementation_version_name.encode())
    for uid, information in user.extended.items():
        body += _item(_EXTENDED_NEGOTIATION, _encode_named(uid) + information)
    if user.identity is not None:
        body += _item(_USER_IDENTITY, encode_identity(user.identity))
    if user.is_identity_taken:
        body += _item(_USER_IDENTITY_RESPONSE, encode_identity_response())
    return _item(_USER_INFORMATION, body)


def _encode_named(uid: str) -> bytes:
    return _UINT16.pack(len(uid)) + uid.encode()
