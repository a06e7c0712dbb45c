"""Load and validate the configuration: ``gatekeeper.toml``, or ``[tool.gatekeeper]`` in ``pyproject.toml``.

Contract, section 4. No file is needed. Nothing here looks at a disk or at git: whoever calls says how a file is
read, so that the same code loads the work tree's configuration and that of a commit.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from gatekeeper.model.errors import ConfigError
from gatekeeper.model.plain import NotPlainError, plain
from gatekeeper.model.settings import Settings, dashed
from gatekeeper.model.value import Value

if TYPE_CHECKING:  # loaded for what isn't plainly right
    from pydantic import ValidationError

CONFIG_FILE = "gatekeeper.toml"
PYPROJECT = "pyproject.toml"

_HEADER = re.compile(r"\s*\[+([^\[\]=]+)\]")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""([\w-]+)|("[^"]*"|'[^']*')""")

_ENVIRONMENT = {"GATEKEEPER_POSTGRES_URL": "postgres", "GATEKEEPER_LEDGER_URL": "ledger"}


class Loaded(NamedTuple):
    """The settings in force and the name of the file they come from, None where defaults serve."""

    settings: Settings
    origin: str | None


def load(read: Callable[[str], bytes | None]) -> Loaded:
    """The configuration of a tree; ``read`` gives a root file's bytes or None where there is no such file.

    ``gatekeeper.toml`` wins over ``pyproject.toml``. Raises ConfigError.
    """
    for name in (CONFIG_FILE, PYPROJECT):
        data = read(name)
        if data is None:
            continue
        settings = parse(data, name)
        if settings is not None:
            return Loaded(settings, name)
    return Loaded(Settings(), None)


# A run over many packets reads the configuration of each one's base, which is mostly the same.
@lru_cache(maxsize=64)
def parse(data: bytes, origin: str) -> Settings | None:
    """The settings that a TOML file holds; None for a ``pyproject.toml`` without ``[tool.gatekeeper]``.

    ``origin`` is the file's name as errors show it. Raises ConfigError for what is no TOML, an unknown key
    (naming the nearest known one) or a value of the wrong type.
    """
    table = table_of(data, origin)
    if table is None:
        return None
    try:
        return plain(Settings, table)
    except NotPlainError:
        return _validated(table, data, origin)


def table_of(data: bytes, origin: str) -> Any:
    """What a TOML file holds for this tool; None for a ``pyproject.toml`` without ``[tool.gatekeeper]``.

    Raises ConfigError for what is no TOML.
    """
    try:
        table = tomllib.loads(_decoded(data, origin))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origin} is not valid TOML: {error}.", hint=f"edit {origin}") from error
    if not _is_pyproject(origin):
        return table
    tool = table.get("tool")
    return tool.get("gatekeeper") if isinstance(tool, dict) else None


def _validated(table: Any, data: bytes, origin: str) -> Settings:
    """The settings as pydantic reads them; ConfigError for what it refuses."""
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - as above

    try:
        return TypeAdapter(Settings).validate_python(table)
    except ValidationError as error:
        raise ConfigError(_explain(error, _decoded(data, origin), origin), hint=f"edit {origin}") from error


def with_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    """The settings with GATEKEEPER_POSTGRES_URL and GATEKEEPER_LEDGER_URL, where set, in place of the file's."""
    for variable, table in _ENVIRONMENT.items():
        url = environ.get(variable)
        if url:
            changed = getattr(settings, table).model_copy(update={"url": url})
            settings = settings.model_copy(update={table: changed})
    return settings


def _decoded(data: bytes, origin: str) -> str:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{origin}:{line} is not UTF-8, which TOML must be.", hint=f"save {origin} as UTF-8"
        ) from error


def _is_pyproject(origin: str) -> bool:
    return origin.replace("\\", "/").rsplit("/", 1)[-1] == PYPROJECT


def _explain(error: "ValidationError", text: str, origin: str) -> str:
    """One sentence for the first thing wrong, in the order of the file."""
    tables = ["tool", "gatekeeper"] if _is_pyproject(origin) else []
    problems = []
    for detail in error.errors():
        keys = [part for part in detail["loc"] if isinstance(part, str)]
        problems.append((_line_of(text, [*tables, *keys]), _problem(detail["type"], keys, detail["msg"])))
    line, sentence = min(problems, key=lambda item: (item[0] or len(text), item[1]))
    return f"{origin}:{line} {sentence}" if line else f"{origin}: {sentence}"


def _problem(kind: str, keys: list[str], message: str) -> str:
    dotted = ".".join(keys)
    if kind != "unexpected_keyword_argument":
        return (
            f"has a wrong value for {dotted or 'the table'}: {message.removeprefix('Value error, ').rstrip('.')}."
        )
    import difflib  # noqa: PLC0415 - for a mistake alone

    known = sorted(_known_keys(keys[:-1]))
    near = difflib.get_close_matches(keys[-1], known, n=1, cutoff=0.0)
    return f"has the unknown key {dotted}; the nearest known one is {'.'.join([*keys[:-1], *near])}."


def _known_keys(path: Iterable[str]) -> set[str]:
    """The keys that the table at ``path`` may hold."""
    kind: type[Value] = Settings
    for part in path:
        wanted = next((each.type for each in fields(kind) if part in {each.name, dashed(each.name)}), None)
        nested = [c for c in (wanted, *get_args(wanted)) if isinstance(c, type) and issubclass(c, Value)]
        if not nested:
            return set()
        kind = nested[0]
    return {dashed(each.name) for each in fields(kind)}


def _line_of(text: str, keys: list[str]) -> int | None:
    """The 1-based line of the key, or of the nearest table above it; TOML's parser keeps no positions."""
    table: list[str] = []
    above = None
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(line):
            here = table = _parts(header[1])
        elif key := _KEY.match(line):
            here = table + _parts(key[1])
        else:
            continue
        if here[: len(keys)] == keys:
            return number
        if keys[: len(here)] == here:
            above = number
    return above


def _parts(dotted: str) -> list[str]:
    return [bare or quoted[1:-1] for bare, quoted in _PART.findall(dotted)]


def line_of(data: bytes, origin: str, keys: Iterable[str]) -> int | None:
    """The 1-based line of a TOML file that sets the key, or of the table that holds it; None where none does."""
    tables = ["tool", "gatekeeper"] if _is_pyproject(origin) else []
    return _line_of(_decoded(data, origin), [*tables, *keys])


def variable_of(table: str, key: str) -> str | None:
    """The environment variable that goes before the file's value of that key, None if none does."""
    return next((name for name, of in _ENVIRONMENT.items() if (table, key) == (of, "url")), None)
