import pytest

from api.problems import Problem
from api.uploads.multipart import FormFiles

_TYPE = 'multipart/form-data; boundary="frontier"'


class _Files:
    def __init__(self) -> None:
        self.seen: list[tuple[str, bytes, bool]] = []
        self.refused: list[str] = []

    def begin(self, name: str) -> None:
        self.seen.append((name, b"", False))

    def write(self, data: bytes) -> None:
        name, content, _ = self.seen[-1]
        self.seen[-1] = (name, content + data, False)

    def end(self) -> None:
        self.seen[-1] = (*self.seen[-1][:2], True)

    def refuse(self, name: str, reason: str) -> None:
        assert "'files'" in reason
        self.refused.append(name)


def _part(disposition: str, content: bytes) -> bytes:
    return f"--frontier\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + content + b"\r\n"


_END = b"--frontier--\r\n"


def _feed(body: bytes, size: int = 1 << 20) -> _Files:
    files = _Files()
    form = FormFiles(_TYPE, "files", files)
    for start in range(0, len(body), size):
        form.feed(body[start : start + size])
    form.close()
    return files


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_files_come_whole_however_the_body_is_cut(size: int) -> None:
    body = (
        _part('name="files"; filename="a.dcm"', b"one\r\n--front\r\n")
        + _part('name="note"', b"skipped")
        + _part('name="other"; filename="b.dcm"', b"skipped")
        + _part('name="files"; filename="Ärzte ü.dcm"', b"")
        + _END
    )
    files = _feed(body, size)
    assert files.seen == [("a.dcm", b"one\r\n--front\r\n", True), ("Ärzte ü.dcm", b"", True)]
    assert files.refused == ["b.dcm"]


def test_a_body_without_its_end_is_malformed() -> None:
    with pytest.raises(Problem, match="cut off"):
        _feed(_part('name="files"; filename="a.dcm"', b"one"))


@pytest.mark.parametrize("body", [b"no boundary at all", b"--frontier\r\n" + b"x: y\r\n" * 100_000])
def test_a_malformed_body_is_refused(body: bytes) -> None:
    with pytest.raises(Problem, match="malformed"):
        _feed(body)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("", 415), ("application/json", 415), (f"multipart/form-data; boundary={'b' * 1000}", 400)],
)
def test_what_is_no_form_is_refused(content_type: str, status: int) -> None:
    with pytest.raises(Problem) as refused:
        FormFiles(content_type, "files", _Files())
    assert refused.value.status_code == status
