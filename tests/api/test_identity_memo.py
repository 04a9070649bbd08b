from access.permissions import Role
from access.principals import Principal
from api.identity import Identity
from api.identity_memo import IdentityMemo

_ADA = Identity(principal=Principal(username="ada", name="Ada", role=Role.CLINICIAN), ambient=True, session="t")


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_credentials_are_remembered_for_a_moment() -> None:
    clock = _Clock()
    memo = IdentityMemo(clock)
    memo.put(b"cookie:isocenter_session=t", _ADA, memo.generation)
    assert memo.get(b"cookie:isocenter_session=t") is _ADA
    assert memo.get(b"cookie:isocenter_session=other") is None
    assert memo.get(b"authorization:Bearer t") is None
    clock.now = 1.0
    assert memo.get(b"cookie:isocenter_session=t") is None


def test_what_ended_is_forgotten_at_once_and_not_brought_back_by_a_look_that_began_before() -> None:
    memo = IdentityMemo()
    before = memo.generation
    memo.put(b"cookie:isocenter_session=t", _ADA, before)
    memo.forget()
    assert memo.get(b"cookie:isocenter_session=t") is None
    memo.put(b"cookie:isocenter_session=t", _ADA, before)
    assert memo.get(b"cookie:isocenter_session=t") is None


def test_the_memory_is_bounded_and_keeps_no_credentials() -> None:
    memo = IdentityMemo()
    for number in range(5000):
        memo.put(f"authorization:Bearer secret{number}".encode(), _ADA, memo.generation)
    assert len(memo._known) <= 1024
    assert "secret" not in repr(memo._known.keys())
