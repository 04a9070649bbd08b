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
    assert message(file, ISOCENTER_DICOM__PROT="104") == "ISOCENTER_DICOM__PROT: unknown key"


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
    ],
)
def test_a_value_that_cannot_be_is_refused_in_one_line(file: Path, content: str, place: str) -> None:
    file.write_text(content)
    text = message(file)
    assert text.startswith(f"{file}: {place}: ")
    assert "\n" not in text


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
