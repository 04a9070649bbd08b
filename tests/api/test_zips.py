import io
import stat
import struct
import zipfile

import pytest

from api.uploads.zips import ZipEntry, ZipLimits, ZipRefusedError, entries

_LIMITS = ZipLimits(total_bytes=1 << 20, entries=50)


def _zip(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target


def _outcomes(file: io.BytesIO, limits: ZipLimits = _LIMITS) -> list[bytes | str]:
    """Return the content of each entry, or why it is refused."""
    return [_read(entry) for entry in entries(file, limits)]


def _read(entry: ZipEntry) -> bytes | str:
    try:
        return b"".join(entry.chunks())
    except ZipRefusedError as error:
        return str(error)


def test_entries_come_in_order_without_the_folders() -> None:
    target = _zip({"b/": b"", "b/two": b"2", "one": b"1"})
    assert [(entry.name, _read(entry)) for entry in entries(target, _LIMITS)] == [("b/two", b"2"), ("one", b"1")]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../up.dcm", "outside"),
        ("a/../../up.dcm", "outside"),
        ("/etc/passwd", "outside"),
        ("..\\up.dcm", "outside"),
        ("C:\\up.dcm", "outside"),
        ("inner.zip", "ZIP inside"),
    ],
)
def test_an_entry_with_a_dangerous_name_is_refused_and_the_next_one_is_not(name: str, reason: str) -> None:
    bad, good = _outcomes(_zip({name: b"x", "good.dcm": b"y"}))
    assert reason in str(bad)
    assert good == b"y"


def test_a_link_is_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert _outcomes(target) == ["the entry is a link"]


def test_an_encrypted_entry_is_refused() -> None:
    content = bytearray(_zip({"secret": b"x"}).getvalue())
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 1
    assert _outcomes(io.BytesIO(bytes(content))) == ["the entry is encrypted"]


def test_all_entries_together_stay_within_the_total() -> None:
    first, second = _outcomes(_zip({"a": bytes(700_000), "b": bytes(700_000)}))
    assert len(first) == 700_000
    assert "more than one upload" in str(second)


def test_a_bomb_is_stopped_by_its_ratio() -> None:
    bomb = _zip({"bomb": bytes(80 << 20)})
    assert _outcomes(bomb, ZipLimits(total_bytes=1 << 40)) == ["the entry unpacks to more than an honest one would"]


def test_too_many_entries_are_refused() -> None:
    with pytest.raises(ZipRefusedError, match="too many entries"):
        list(entries(_zip({str(number): b"" for number in range(51)}), _LIMITS))


def test_a_directory_that_claims_to_be_huge_is_not_loaded() -> None:
    content = bytearray(_zip({"a": b"x"}).getvalue())
    struct.pack_into("<I", content, content.rindex(b"PK\x05\x06") + 12, 0x7FFFFFFF)
    with pytest.raises(ZipRefusedError, match="too many entries"):
        list(entries(io.BytesIO(bytes(content)), _LIMITS))


def test_a_huge_zip64_directory_behind_a_small_claim_is_not_loaded() -> None:
    content = _zip({"a": b"x"}).getvalue()
    end = content.rindex(b"PK\x05\x06")
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, 1 << 40, 0)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    with pytest.raises(ZipRefusedError, match="too many entries"):
        list(entries(io.BytesIO(content[:end] + record + locator + content[end:]), _LIMITS))


@pytest.mark.parametrize("cut", [10, 60, -5])
def test_a_damaged_zip_is_refused(cut: int) -> None:
    with pytest.raises(ZipRefusedError):
        _outcomes(io.BytesIO(_zip({"a": b"x" * 500}).getvalue()[:cut]))


def test_a_damaged_entry_is_refused() -> None:
    content = bytearray(_zip({"a": bytes(range(256)) * 4}, zipfile.ZIP_STORED).getvalue())
    content[100] ^= 0xFF
    assert "damaged" in str(_outcomes(io.BytesIO(bytes(content)))[0])
