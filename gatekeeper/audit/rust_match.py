"""Which of the names that a Rust file mentions are those that a matcher asks for."""

from collections.abc import Iterator, Sequence

from gatekeeper.audit.rule import NamesMatcher
from gatekeeper.audit.rust import Mention, RustFile
from gatekeeper.audit.rust_names import HERE, Path
from gatekeeper.audit.rust_sql import RustSql, matches_path
from gatekeeper.audit.uses import Place


def rust_names(matcher: NamesMatcher, file: RustFile, sql: RustSql) -> Iterator[tuple[int, str]]:
    """The line and the text of each name that the matcher asks for, and of each of its methods given SQL."""
    for mention in file.mentions:
        if _is_named(matcher, mention):
            yield mention.line, mention.written
    for call in file.methods:
        if call.name in matcher.methods and any(True for _ in sql.given(call)):
            yield call.line, f".{call.name}()"


def _is_named(matcher: NamesMatcher, mention: Mention) -> bool:
    if mention.place is Place.EXPORT:
        return any(_exactly(matcher.exports, path) for path in mention.paths)
    if mention.place.value != matcher.place:
        return False
    return any(matches_path(matcher.names, path) or _distinctive(matcher, path) for path in mention.paths)


def _exactly(patterns: Sequence[str], path: Path) -> bool:
    return matches_path([p for p in patterns if p.count("::") == len(path) - 1 or "**" in p], path)


def _distinctive(matcher: NamesMatcher, path: Path) -> bool:
    """Whether the file leaves open whose name this is, and the name says it."""
    names = path[1:] if path[:1] == HERE else path[:2] if path[0] in matcher.distinctive else ()
    return any(name in matcher.distinctive for name in names)
