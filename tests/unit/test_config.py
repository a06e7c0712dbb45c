"""The configuration: where it is read from, and what is wrong with it in one sentence (contract, section 4)."""

import pytest

from gatekeeper.config import load, parse, with_environment
from gatekeeper.model.errors import ConfigError, ExitCode
from gatekeeper.model.settings import Settings


def refused(text: str, origin: str = "gatekeeper.toml") -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text.encode(), origin)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in caught.value.message
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "line", "wrong", "nearest"),
    [
        ("[packets]\nexmept = []\n", 2, "packets.exmept", "packets.exempt"),
        ("# comment\n\n[pakets]\ndir = 'x'\n", 3, "pakets", "packets"),
        (
            "[migrations]\nlayout = 'auto'\nrequire-dwn = true\n",
            3,
            "migrations.require-dwn",
            "migrations.require-down",
        ),
        ("packets.exmept = []\n", 1, "packets.exmept", "packets.exempt"),
        ("[git]\nmain = 'main'\n[packets]\nmain = 'x'\n", 4, "packets.main", "packets."),
        ("packets = { exmept = [] }\n", 1, "packets.exmept", "packets.exempt"),
        ("[git]\nmain = 'exmept = 1'\n[packets]\n'exmept' = []\n", 4, "packets.exmept", "packets.exempt"),
    ],
)
def test_an_unknown_key_names_its_line_and_the_nearest(text: str, line: int, wrong: str, nearest: str) -> None:
    message = refused(text)
    assert message.startswith(f"gatekeeper.toml:{line} ")
    assert wrong in message
    assert nearest in message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[packets]\nrefinement = 'on'\n", 2),
        ("[packets]\ndir = '../elsewhere'\n", 2),
        ("[packets]\ndir = '/abs'\n", 2),
        ("[authority]\nstrict = 'yes'\n", 2),
        ("[migrations]\nstatement-timeout = 0\n", 2),
        ("[migrations]\nengines = ['mysql']\n", 2),
        ("[packets]\nexempt = 'docs/**'\n", 2),
        ("packets = 1\n", 1),
    ],
)
def test_a_wrong_value_names_its_line(text: str, line: int) -> None:
    message = refused(text)
    assert message.startswith(f"gatekeeper.toml:{line} has a wrong value for ")


def test_what_is_no_toml_or_no_text_is_refused_with_its_line() -> None:
    assert "line 2" in refused("[packets]\ndir = \n")
    with pytest.raises(ConfigError, match=r"gatekeeper\.toml:2 is not UTF-8"):
        parse(b"[packets]\ndir = '\xff'\n", "gatekeeper.toml")


def test_a_byte_order_mark_and_crlf_are_read() -> None:
    settings = parse(b"\xef\xbb\xbf[git]\r\nmain = 'trunk'\r\n", "gatekeeper.toml")
    assert settings is not None
    assert settings.git.main == "trunk"


def test_a_pyproject_counts_by_its_table() -> None:
    text = b"[project]\nname = 'x'\n[tool.gatekeeper.git]\nmain = 'trunk'\n"
    settings = parse(text, "pyproject.toml")
    assert settings is not None
    assert settings.git.main == "trunk"
    assert parse(b"[project]\nname = 'x'\n", "pyproject.toml") is None
    wrong = refused("[tool.other]\nexmept = 1\n[tool.gatekeeper.packets]\nexmept = []\n", "pyproject.toml")
    assert wrong.startswith("pyproject.toml:4 ")
    assert "has a wrong value" in refused("[tool]\ngatekeeper = 'x'\n", "pyproject.toml")


def test_the_own_file_goes_before_the_pyproject_and_no_file_is_needed() -> None:
    files = {
        "gatekeeper.toml": b"[git]\nmain = 'own'\n",
        "pyproject.toml": b"[tool.gatekeeper.git]\nmain = 'pyproject'\n",
    }
    assert (load(files.get).settings.git.main, load(files.get).origin) == ("own", "gatekeeper.toml")
    del files["gatekeeper.toml"]
    assert (load(files.get).settings.git.main, load(files.get).origin) == ("pyproject", "pyproject.toml")
    files["pyproject.toml"] = b"[project]\n"
    assert load(files.get).settings == Settings()
    assert load(files.get).origin is None


def test_the_environments_urls_win_and_empty_ones_do_not() -> None:
    settings = parse(
        b"[postgres]\nurl = 'postgresql://file'\n[ledger]\nurl = 'postgresql://l'\n", "gatekeeper.toml"
    )
    assert settings is not None
    seen = with_environment(settings, {"GATEKEEPER_POSTGRES_URL": "postgresql://env", "GATEKEEPER_LEDGER_URL": ""})
    assert (seen.postgres.url, seen.ledger.url) == ("postgresql://env", "postgresql://l")
    seen = with_environment(Settings(), {"GATEKEEPER_LEDGER_URL": "postgresql://env"})
    assert (seen.postgres.url, seen.ledger.url) == ("", "postgresql://env")


def test_a_refused_value_never_shows_a_url() -> None:
    assert "secret" not in refused("[postgres]\nurl = ['postgresql://u:secret@h/d']\n")
    assert "secret" not in refused("[postgres]\nurls = 'postgresql://u:secret@h/d'\n")


def test_a_folder_loses_its_slash_and_an_empty_one_is_the_root() -> None:
    settings = parse(b"[packets]\ndir = './docs/task_packets/'\nrefinements = ''\n", "gatekeeper.toml")
    assert settings is not None
    assert (settings.packets.dir, settings.packets.refinements) == ("docs/task_packets", ".")
