"""Normal forms: the same value in whatever spelling compares equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.matching import name_pattern, normalize_name, normalize_text


@pytest.mark.parametrize("spelling", ["Doe^John", "DOE^JOHN", "doe^john^^^", " Doe ^ John ", "DOE^JOHN=="])
def test_spellings_of_one_name_are_equal(spelling: str) -> None:
    assert normalize_name(spelling) == "doe^john"


def test_component_groups_of_a_name_stay_apart() -> None:
    assert normalize_name("Yamada^Tarou=山田^太郎=やまだ^たろう") == "yamada^tarou=山田^太郎=やまだ^たろう"


def test_a_name_with_an_empty_alphabetic_group_keeps_its_place() -> None:
    assert normalize_name("=山田^太郎") == "=山田^太郎"


@pytest.mark.parametrize(
    ("key", "pattern"),
    [("DOE^John", "doe^john"), ("=山田^太郎=", "*=山田^太郎"), ("Yamada==やまだ", "yamada=*=やまだ"), ("=", "*")],
)
def test_an_empty_group_of_a_key_is_not_asked_about(key: str, pattern: str) -> None:
    assert name_pattern(key) == pattern


def test_composed_and_decomposed_letters_are_equal() -> None:
    assert normalize_name("MÜLLER^JÖRG") == normalize_name("Mu\u0308ller^Jo\u0308rg")


def test_empty_components_inside_a_name_count() -> None:
    assert normalize_name("DOE^^JAMES") != normalize_name("DOE^JAMES")


@pytest.mark.parametrize("spelling", ["ABC 12", "abc  12", " abc 12 "])
def test_spellings_of_one_identifier_are_equal(spelling: str) -> None:
    assert normalize_text(spelling) == "abc 12"


@pytest.mark.parametrize("pattern", ["*", "doe*", "*^john", "d?e^*"])
def test_patterns_keep_their_wildcards(pattern: str) -> None:
    assert normalize_name(pattern) == pattern
    assert normalize_text(pattern) == pattern


@given(st.text())
def test_normal_forms_are_normal_already(text: str) -> None:
    assert normalize_text(normalize_text(text)) == normalize_text(text)
    assert normalize_name(normalize_name(text)) == normalize_name(text)
