"""What was made already is kept, up to a size."""

from dicomweb.caching import byte_cache


def test_what_was_not_used_for_longest_makes_room() -> None:
    cache = byte_cache(10)
    cache.put("a", b"1234")
    cache.put("b", b"1234")
    assert cache.get("a") == b"1234"
    cache.put("c", b"1234")
    assert [cache.get(key) for key in "abc"] == [b"1234", None, b"1234"]


def test_what_is_larger_than_the_cache_leaves_the_others_there() -> None:
    cache = byte_cache(10)
    cache.put("a", b"1234")
    assert cache.get_or_make("video", lambda: bytes(11)) == bytes(11)
    assert cache.get("video") is None
    assert cache.get("a") == b"1234"
    assert byte_cache(0).get_or_make("a", lambda: b"1") == b"1"
