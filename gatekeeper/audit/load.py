"""Read rule files whole: a project's own, whose faults are errors with file and line, and the shipped ones."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import re2

from gatekeeper.audit.rule import AuditRule, CodeMatcher, EnginesMatcher, Matcher, TextMatcher
from gatekeeper.audit.shipped import rule_files
from gatekeeper.audit.syntax import search
from gatekeeper.model.changes import LINK, TreeView
from gatekeeper.model.errors import ConfigError
from gatekeeper.model.names import for_output

if TYPE_CHECKING:  # loaded where a project has rules of its own
    from pydantic import TypeAdapter, ValidationError

_QUIET = re2.Options()
_QUIET.log_errors = False
_ADVICE = "write it as docs/audit-rules.md says"


def with_examples() -> tuple[AuditRule, ...]:
    """Every rule that comes with the program, as its TOML file has it, sorted by id; for tests."""
    return tuple(_adapter().validate_python(tomllib.loads(data.decode("utf-8"))) for data in rule_files().values())


@cache
def _adapter() -> "TypeAdapter[AuditRule]":
    from pydantic import TypeAdapter  # noqa: PLC0415 - as above

    return TypeAdapter(AuditRule)


def project_rules(folders: Iterable[str], *trees: TreeView) -> tuple[AuditRule, ...]:
    """The rules of each folder, from the first tree that holds it. Raises ConfigError for what is wrong."""
    found: dict[str, bytes] = {}
    for folder in folders:
        tree = next((tree for tree in trees if folder == "." or tree.is_folder(folder)), None)
        inside = (
            [p for p, s in tree.entries.items() if _is_rule(p, folder) and s.mode != LINK]
            if tree is not None
            else []
        )
        if tree is None or not inside:
            raise ConfigError(
                f"[audit] rules names {folder}, which is no folder with rules (*.toml) here.",
                hint="name a folder of the repository, and commit it",
            )
        found.update({path: tree.read(path) for path in inside})
    return own_rules(found)


def _is_rule(path: str, folder: str) -> bool:
    return path.endswith(".toml") and (folder == "." or path.startswith(f"{folder}/"))


def own_rules(files: Mapping[str, bytes]) -> tuple[AuditRule, ...]:
    """The rules that a project's files hold, by path. Raises ConfigError naming the file and the line."""
    return tuple(_rule(for_output(path), data) for path, data in sorted(files.items()))


def _rule(path: str, data: bytes) -> AuditRule:
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
        table = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path}:{line} is not UTF-8, which TOML must be.", hint=f"save {path} as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise ConfigError(f"{path}:{line} is not valid TOML: {error}.", hint=f"edit {path}") from error
    from pydantic import ValidationError  # noqa: PLC0415 - as above

    try:
        rule = _adapter().validate_python(table)
    except ValidationError as error:
        raise ConfigError(_explained(path, text, error), hint=_ADVICE) from error
    for number, matcher in enumerate(rule.matcher):
        for keys, problem in _problems(matcher):
            line = _line_of(text, ["matcher", number, *keys])
            raise ConfigError(f"{path}:{line} {problem}.", hint=_ADVICE)
    return rule


def _explained(path: str, text: str, error: "ValidationError") -> str:
    """One sentence for what is wrong first in the file; an unknown key goes before what is then missing."""
    faults = []
    details = error.errors()
    for detail in details:
        if any(other["loc"][: len(detail["loc"])] == detail["loc"] for other in details if other is not detail):
            continue  # a list that lacks the very part that is wrong
        keys = [part for part in detail["loc"] if part not in _KINDS]
        keys += ["kind"] if detail["type"].startswith("union_tag") else []
        named = ".".join(str(key) for key in keys if not isinstance(key, int)) or "the rule"
        unknown = detail["type"] == "unexpected_keyword_argument"
        says = f"has the unknown key {named}" if unknown else f"has a wrong value for {named}: {_said(detail)}"
        faults.append((not unknown, _line_of(text, keys), says))
    _, line, says = min(faults)
    return f"{path}:{line} {says}."


_KINDS = frozenset({"code", "text", "check", "names", "sql", "migrations", "engines"})


def _said(detail: Any) -> str:
    message: str = detail["msg"]
    return message.removeprefix("Value error, ").rstrip(".")


def _problems(matcher: Matcher) -> Iterator[tuple[list[str | int], str]]:
    """What a matcher's expressions and syntax rules have against them, each with the keys that lead to it."""
    if matcher.kind == "check":
        yield ["kind"], "asks for a check, which only the shipped rules may"
    if (wrong := _uncompiled(matcher.likely)) is not None:
        yield ["likely"], f"has a pattern that doesn't compile: {wrong}"
    if isinstance(matcher, TextMatcher):
        if (wrong := _uncompiled(matcher.pattern)) is not None:
            yield ["pattern"], f"has a pattern that doesn't compile: {wrong}"
        if not matcher.languages and (matcher.within != "file" or not matcher.only):
            yield (
                ["within"],
                f"looks into {matcher.within} but names no languages; for whole files only says which",
            )
    if isinstance(matcher, EnginesMatcher):
        for engine, pattern in matcher.engines.items():
            if (wrong := _uncompiled(pattern)) is not None:
                yield ["engines", engine], f"has a pattern that doesn't compile: {wrong}"
    if isinstance(matcher, CodeMatcher):
        yield from _unparsed(matcher)


def _uncompiled(pattern: str) -> str | None:
    try:
        re2.compile(pattern, _QUIET)
    except re2.error as error:
        said = error.args[0] if error.args else error
        return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return None


def _unparsed(matcher: CodeMatcher) -> Iterator[tuple[list[str | int], str]]:
    from ast_grep_py import SgRoot  # noqa: PLC0415 - only where a project has rules of its own

    for language in matcher.languages:
        if language == "sql":
            yield (
                ["languages"],
                "reads sql, which is no language of a code matcher; a text or sql matcher reads it",
            )
            continue
        try:
            search(SgRoot("", language).root(), matcher.rule, constraints=matcher.constraints, utils=matcher.utils)
        except (RuntimeError, ValueError, TypeError) as error:
            yield ["rule"], f"has a rule that doesn't compile for {language}: {' '.join(str(error).split())}"
    if matcher.at and f"${matcher.at}" not in str(matcher.rule):
        yield ["at"], f"stands on ${matcher.at}, which no pattern of the rule binds"


_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]=]+?)\s*\]")
_KEY = re.compile(r"\s*([\w-]+|\"[^\"]*\"|'[^']*')\s*=")


def _line_of(text: str, keys: list[str | int]) -> int:
    """The 1-based line that the keys lead to, else that of the nearest table above; tables in arrays by number."""
    wanted = [str(key) for key in keys]
    best, depth = 1, 0
    table: list[str] = []
    counts: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if header := _HEADER.match(line):
            table = _numbered(header[2], header[1] == "[[", counts)
            here = table
        elif key := _KEY.match(line):
            here = [*table, key[1].strip("\"'")]
        else:
            continue
        common = here[: len(wanted)]
        if common == wanted[: len(common)] and len(common) > depth:
            best, depth = number, len(common)
    return best


def _numbered(dotted: str, array: bool, counts: dict[str, int]) -> list[str]:
    """A header's parts, each array among them followed by the number of its present table."""
    parts = [part.strip().strip("\"'") for part in dotted.split(".")]
    out: list[str] = []
    for at, part in enumerate(parts):
        out.append(part)
        name = "/".join(out)
        if array and at == len(parts) - 1:
            counts[name] = counts.get(name, -1) + 1
            for below in [known for known in counts if known.startswith(f"{name}/")]:
                del counts[below]
        if name in counts:
            out.append(str(counts[name]))
    return out
