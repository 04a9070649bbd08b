"""The hash of an object's content: one kind now, and one that earlier objects have."""

import hashlib
from pathlib import Path

import pytest
from blake3 import blake3

from archive.content_hash import ContentHash, FormerHashWanted, former_hash, hash_data_set, is_same_content
from archive.errors import StorageFailed

CONTENT = bytes(range(256)) * 10_000
OFFSET = 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "object.dcm"
    path.write_bytes(bytes(OFFSET) + CONTENT)
    return path


def blake3_of(content: bytes) -> str:
    return f"blake3:{blake3(content).hexdigest(28)}"


def test_the_hash_is_that_of_all_pieces_in_their_order() -> None:
    content = ContentHash()
    for at in range(0, len(CONTENT), 70_001):
        content.update(memoryview(CONTENT)[at : at + 70_001])
    assert content.text() == blake3_of(CONTENT)


def test_the_hash_of_nothing_is_the_published_one() -> None:
    # https://github.com/BLAKE3-team/BLAKE3/blob/master/test_vectors/test_vectors.json
    assert ContentHash().text() == "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93ca"


def test_it_fits_its_column() -> None:
    assert len(ContentHash().text()) <= 64


def test_a_file_is_hashed_from_its_data_set_on(path: Path) -> None:
    with path.open("rb") as file:
        assert hash_data_set(file.fileno(), OFFSET) == blake3_of(CONTENT)


def test_a_file_is_hashed_as_what_it_is_compared_with(path: Path) -> None:
    expected = hashlib.sha256(CONTENT).hexdigest()
    with path.open("rb") as file:
        assert hash_data_set(file.fileno(), OFFSET, like=expected) == expected


@pytest.mark.parametrize(
    ("known", "same"),
    [
        (blake3_of(CONTENT), True),
        (blake3_of(b"other"), False),
        (hashlib.sha256(CONTENT).hexdigest(), True),
        (hashlib.sha256(b"other").hexdigest(), False),
    ],
)
def test_an_object_is_known_again_whatever_its_hash_was(path: Path, known: str, same: bool) -> None:
    assert is_same_content(known, blake3_of(CONTENT), former_hash(path, OFFSET)) is same


def test_the_former_hash_is_wanted_only_when_nothing_else_tells() -> None:
    assert not is_same_content(blake3_of(b"other"), blake3_of(CONTENT), "")
    with pytest.raises(FormerHashWanted):
        is_same_content(hashlib.sha256(CONTENT).hexdigest(), blake3_of(CONTENT), "")


def test_a_file_that_cannot_be_read_is_a_fault_of_the_disk(path: Path) -> None:
    with pytest.raises(StorageFailed):
        former_hash(path.with_name("gone"), OFFSET)
