"""Settings come from a file and the environment, and say what is wrong with them in one line."""

from pathlib import Path

import pytest

from config.errors import ConfigurationError
from config.loading import load, locate
from config.settings import Settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "isocenter.toml"


def message(file: Path | None, **environ: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(file, environ=environ)
    return str(caught.value)


def test_an_empty_configuration_is_a_safe_single_machine_node(file: Path) -> None:
    file.write_text("")
    settings = load(file, environ={})
    assert settings == Settings()
    assert (settings.dicom.host, settings.dicom.port, settings.dicom.ae_title) == ("127.0.0.1", 11112, "ISOCENTER")
    assert (settings.web.host, settings.web.port) == ("127.0.0.1", 8080)
    assert settings.dicom.unknown_callers == "reject"
    assert settings.storage.duplicates == "keep-first"
    assert list(settings.analysis.mock.delay_seconds) == [30, 60]
    assert settings.events.url is None
    assert settings.queue.url is None


def test_the_data_folder_is_put_into_the_urls(file: Path, tmp_path: Path) -> None:
    file.write_text(f'data_dir = "{tmp_path}/node"')
    settings = load(file, environ={})
    assert settings.database.url == f"sqlite:///{tmp_path}/node/index.sqlite"
    assert settings.storage.folder == tmp_path / "node" / "blobs"


def test_a_relative_data_folder_does_not_depend_on_where_a_child_process_starts(file: Path) -> None:
    file.write_text('data_dir = "here"')
    assert load(file, environ={}).data_dir == Path("here").absolute()


def test_the_environment_wins_over_the_file(file: Path) -> None:
    file.write_text("[dicom]\nport = 104\n[web]\nport = 8000")
    settings = load(file, environ={"ISOCENTER_DICOM__PORT": "11113", "HOME": "/root"})
    assert settings.dicom.port == 11113
    assert settings.web.port == 8000


def test_environment_values_have_the_type_of_their_key(file: Path) -> None:
    file.write_text("")
    settings = load(
        file,
        environ={
            "ISOCENTER_ANALYSIS__MOCK__DELAY_SECONDS": "[0, 0.5]",
            "ISOCENTER_DICOM__REQUIRE_CALLED_AE": "False",
            "ISOCENTER_DICOM__AE_TITLE": "12345",
            "ISOCENTER_DATABASE__URL": "postgresql://db/isocenter",
            "ISOCENTER_SECURITY__ADMIN_PASSWORD": "123456789",
            "ISOCENTER_DATA_DIR": "/srv/node",
            "ISOCENTER_STORAGE__DUPLICATES": "replace",
            "ISOCENTER_AE": '[{"ae_title": "PACS1", "host": "pacs", "port": 104, "allowed": ["echo"]}]',
        },
    )
    assert list(settings.analysis.mock.delay_seconds) == [0, 0.5]
    assert settings.dicom.require_called_ae is False
    assert settings.dicom.ae_title == "12345"
    assert settings.database.url == "postgresql://db/isocenter"
    assert settings.security.admin_password is not None
    assert settings.security.admin_password.get_secret_value() == "123456789"
    assert settings.data_dir == Path("/srv/node")
    assert settings.storage.duplicates == "replace"
    assert settings.ae[0].allowed == ("echo",)


def test_a_secret_can_come_from_a_file(file: Path, tmp_path: Path) -> None:
    file.write_text("")
    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    settings = load(file, environ={"ISOCENTER_SECURITY__ADMIN_PASSWORD_FILE": str(secret)})
    assert settings.security.admin_password is not None
    assert settings.security.admin_password.get_secret_value() == "correct horse"
    assert "horse" not in repr(settings)


def test_a_secret_that_cannot_be_read_is_an_error(file: Path) -> None:
    file.write_text("")
    text = message(file, ISOCENTER_SECURITY__ADMIN_PASSWORD_FILE="/does/not/exist")
    assert text == "ISOCENTER_SECURITY__ADMIN_PASSWORD_FILE: cannot read /does/not/exist: No such file or directory"


def test_an_unknown_key_in_the_file_is_named_with_its_place(file: Path) -> None:
    file.write_text("[dicom]\nprot = 104")
    assert message(file) == f"{file}: dicom.prot: unknown key, did you mean port?"


def test_an_unknown_section_is_an_error(file: Path) -> None:
    file.write_text("[nonsense]\nx = 1")
    assert message(file) == f"{file}: nonsense: unknown key"


def test_an_unknown_key_of_an_entry_is_named_with_its_number(file: Path) -> None:
    file.write_text('[[ae]]\nae_title = "A"\nhost = "a"\nport = 104\n[[ae]]\nae_title = "B"\nhots = "b"\nport = 104')
    text = message(file)
    assert "ae[2].host: field required" in text
    assert "(and 1 more" in text


def test_an_unknown_variable_is_an_error(file: Path) -> None:
    file.write_text("")
    assert message(file, ISOCENTER_NONSENSE="104") == "ISOCENTER_NONSENSE: unknown key"


@pytest.mark.parametrize("variable", ["ISOCENTER_DICOM__PROT", "ISOCENTER_DICOM_PORT"])
def test_a_misspelt_variable_is_told_with_the_right_one(file: Path, variable: str) -> None:
    file.write_text("")
    wanted = f"{variable}: unknown key, did you mean ISOCENTER_DICOM__PORT?"
    assert message(file, **{variable: "104"}) == wanted


def test_a_wrong_type_names_the_variable(file: Path) -> None:
    file.write_text("")
    assert message(file, ISOCENTER_DICOM__PORT="many").startswith("ISOCENTER_DICOM__PORT: input should be a valid int")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ('[dicom]\nport = "104"', "dicom.port"),
        ("[dicom]\nport = 65536", "dicom.port"),
        ('[dicom]\nae_title = "A\\\\B"', "dicom.ae_title"),
        ('[dicom]\nae_title = "SEVENTEEN_LETTERS"', "dicom.ae_title"),
        ('[dicom]\nunknown_callers = "maybe"', "dicom.unknown_callers"),
        ('[database]\nurl = "mysql://x"', "database.url"),
        ('[events]\nurl = "amqp://x"', "events.url"),
        ("[analysis.mock]\ndelay_seconds = [5, 1]", "analysis.mock"),
        ('[[ae]]\nae_title="A"\nhost="a"\nport=1\nsource_networks=["10.0.0.0/64"]', "ae[1].source_networks[1]"),
        ('[[ae]]\nae_title="A"\nhost="a"\nport=1\nallowed=["fly"]', "ae[1].allowed[1]"),
        ('[[route]]\nname="r"\nto=[]', "route[1].to"),
        ("dicom = 3", "dicom"),
        ("data_dir = 5", "data_dir"),
        ('data_dir = ""', "data_dir"),
        ('data_dir = "~/isocenter"', "data_dir"),
        ('data_dir = "/srv/which?"', "data_dir"),
        ('[dicom]\nhost = ""', "dicom.host"),
        ('[web]\nhost = "http://0.0.0.0"', "web.host"),
        ('[web]\nhost = "0.0.0.0:8080"', "web.host"),
        ('[[ae]]\nae_title="A"\nhost="10.1.2.3:104"\nport=104', "ae[1].host"),
        ("[dicom]\nprocesses = 100000", "dicom.processes"),
        ("[dicom]\nmax_associations = 1000000000000", "dicom.max_associations"),
        ("[dicom]\nmax_object_bytes = 1000000000000000000000", "dicom.max_object_bytes"),
        ("[storage]\nreserved_bytes = 1000000000000000000000", "storage.reserved_bytes"),
        ("[dicom]\nartim_seconds = inf", "dicom.artim_seconds"),
        ("[dicom]\nidle_seconds = 1e30", "dicom.idle_seconds"),
        ("[analysis]\nquiet_seconds = 1e30", "analysis.quiet_seconds"),
        ("[analysis]\ntimeout_seconds = inf", "analysis.timeout_seconds"),
        ('[[analyzer]]\nname="a"\nlease_seconds=inf', "analyzer[1].lease_seconds"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_one_line(file: Path, content: str, place: str) -> None:
    file.write_text(content)
    text = message(file)
    assert text.startswith(f"{file}: {place}: ")
    assert "\n" not in text


@pytest.mark.parametrize(
    ("key", "url", "words"),
    [
        ("database.url", "sqlite://", "a file must be named"),
        ("database.url", "sqlite:///:memory:", "a file must be named"),
        ("database.url", "sqlite://server/index.sqlite", "a file must be named"),
        ("database.url", "postgresql://u@db:port/isocenter", "the port is no number"),
        ("database.url", "postgresql://u@db:65536/isocenter", "the port is no number"),
        ("storage.url", "file://blobs", "whole path"),
        ("storage.url", "file://localhost/srv/blobs", "whole path"),
        ("storage.url", "file:/srv/blobs", "must start with one of file://"),
        ("storage.url", "file://", "whole path"),
        ("events.url", "redis:/broker", "must start with one of redis://"),
        ("events.url", "redis://", "a host is missing"),
        ("events.url", "redis://broker:port", "the port is no number"),
        ("events.url", "redis://broker/name", "number of a Redis database"),
        ("events.url", "redis://:pass/word@broker", "%2F"),
        ("queue.url", "redis://broker:99999", "the port is no number"),
    ],
)
def test_a_url_that_nothing_is_reached_by_is_refused_with_the_rule(file: Path, key: str, url: str, words: str) -> None:
    section, name = key.split(".")
    file.write_text(f'[{section}]\n{name} = "{url}"')
    text = message(file)
    assert text.startswith(f"{file}: {key}: ")
    assert words in text


def test_a_password_in_a_url_is_not_quoted_by_the_refusal(file: Path) -> None:
    file.write_text('[database]\nurl = "postgresql://u:hid@den:pass@db/isocenter"')
    assert "the port is no number" in message(file)
    assert "den" not in message(file).removeprefix(str(file))


@pytest.mark.parametrize(
    ("key", "url"),
    [
        ("database.url", "postgresql://u:p%2Fw@[::1]:5432/isocenter?sslmode=require"),
        ("database.url", "postgresql://isocenter@/isocenter?host=/run/postgresql"),
        ("database.url", "postgresql://u:p/w:x@db/isocenter"),
        ("database.url", "sqlite:///index.sqlite"),
        ("database.url", "sqlite:////srv/a:b/c@d #1/index.sqlite"),
        ("storage.url", "file:///srv/a:b/c@d #1%20"),
        ("storage.url", "s3://bucket/prefix?endpoint=http://minio:9000"),
        ("events.url", "rediss://u:p%2Fw@[::1]:6379/3?socket_timeout=1"),
        ("events.url", "redis://broker"),
        ("queue.url", "amqp://guest:guest@broker:5672//"),
    ],
)
def test_a_url_that_may_be_right_is_taken(file: Path, key: str, url: str) -> None:
    section, name = key.split(".")
    file.write_text(f'[{section}]\n{name} = "{url}"')
    assert getattr(getattr(load(file, environ={}), section), name) == url


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "fe80::1%eth0", "node.example.org", "node_1"])  # noqa: S104
def test_a_host_is_a_name_or_an_address(file: Path, host: str) -> None:
    file.write_text(f'[dicom]\nhost = "{host}"')
    assert load(file, environ={}).dicom.host == host


def test_an_empty_data_folder_is_not_the_working_folder(file: Path) -> None:
    file.write_text("")
    assert message(file, ISOCENTER_DATA_DIR="") == "ISOCENTER_DATA_DIR: a folder must be named"


def test_what_is_wrong_is_said_in_words_of_the_file(file: Path) -> None:
    file.write_text('[web]\ncors_origins = "https://viewer.example"')
    assert message(file) == f"{file}: web.cors_origins: input should be a list, in brackets"
    file.write_text('[ae]\nae_title = "A"')
    assert message(file) == f"{file}: ae: each entry stands under a line of its own, [[ae]]"
    file.write_text("[worklist]\nfolder = 5")
    assert message(file) == f"{file}: worklist.folder: input should be a path in quotes"


def test_a_file_of_another_encoding_is_told(file: Path) -> None:
    file.write_bytes('[[ae]]\nname = "Röntgen"'.encode("latin-1"))
    assert message(file) == f"{file}: is not UTF-8 text: save it as such"


def test_a_byte_order_mark_does_no_harm(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf[dicom]\r\nport = 104\r\n")
    assert load(file, environ={}).dicom.port == 104


def test_broken_toml_is_told_with_its_line(file: Path) -> None:
    file.write_text("[dicom]\nport = = 3")
    text = message(file)
    assert text.startswith(str(file))
    assert "line 2" in text
    assert "\n" not in text


def test_a_missing_file_that_was_asked_for_is_an_error(tmp_path: Path) -> None:
    assert "cannot be read" in message(tmp_path / "none.toml")


def test_two_entries_of_one_name_are_refused(file: Path) -> None:
    file.write_text('[[ae]]\nae_title="A"\nhost="a"\nport=1\n[[ae]]\nae_title="A"\nhost="b"\nport=2')
    assert "two [[ae]] entries are called 'A'" in message(file)


def test_the_file_is_looked_for_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert locate(environ={}) is None
    (tmp_path / "isocenter.toml").write_text("")
    assert locate(environ={}) == Path("isocenter.toml")
    assert locate(environ={"ISOCENTER_CONFIG": "/etc/x.toml"}) == Path("/etc/x.toml")
    assert locate(Path("y.toml"), environ={"ISOCENTER_CONFIG": "/etc/x.toml"}) == Path("y.toml")


def test_an_ae_is_called_by_its_title_unless_it_has_a_name(file: Path) -> None:
    file.write_text('[[ae]]\nae_title="PACS1"\nhost="a"\nport=104\n[[route]]\nname="all"\nfrom="CT1"\nto="PACS1"')
    settings = load(file, environ={})
    assert settings.ae[0].name == "PACS1"
    assert settings.ae[0].results is None
    assert settings.route[0].calling_ae == ("CT1",)
    assert settings.route[0].to == ("PACS1",)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().dicom.port = 1
