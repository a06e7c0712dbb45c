"""CX-DBP-VAL-014: whether the tests name every engine in code; judged on the whole tree."""

from collections.abc import Iterable, Iterator

import re2

from gatekeeper.audit.examine import ENGINE_NAMES
from gatekeeper.audit.found import Found
from gatekeeper.audit.languages import family_of, is_test_file, language_of
from gatekeeper.audit.parsed import Parsed
from gatekeeper.audit.rule import EnginesMatcher
from gatekeeper.audit.rust_modules import RustModules
from gatekeeper.audit.sources import Sources, decoded


def unready(matcher: EnginesMatcher, sources: Sources, modules: RustModules) -> list[Found] | None:
    """What no test names; None where no storage code uses a database."""
    storage = _storage_code(matcher, sources, modules)
    if storage is None:
        return None
    missing = {engine: re2.compile(matcher.engines[engine]) for engine in sources.settings.migrations.engines}
    for file in _test_files(matcher, sources, modules):
        sought = {engine: word for engine, word in missing.items() if word.search(file.text)}
        for word in file.words(test=True) if sought else ():
            for engine in [engine for engine, pattern in sought.items() if pattern.search(word)]:
                sought.pop(engine)
                missing.pop(engine)
        if not missing:
            return []
    names = " or ".join(ENGINE_NAMES[engine] for engine in missing)
    says = f"is storage for both engines, but no test names {names} in code; a comment doesn't count"
    return [Found(storage, None, says)]


def _test_files(matcher: EnginesMatcher, sources: Sources, modules: RustModules) -> Iterator[Parsed]:
    """The files that may hold test code; those that are test code as a whole come first."""
    sort = set(sources.paths)
    named = [path for path in sources.files if family_of(language_of(path)) == matcher.language]
    whole = [path for path in named if is_test_file(path)]
    rest = [path for path in named if path in sort and not is_test_file(path)]
    for path, text in _texts(sources, (*whole, *rest)):
        if (
            is_test_file(path)
            or "test" in text
            or "describe" in text
            or (path.endswith(".rs") and modules.is_test(path))
        ):
            yield Parsed(path, text, test=modules.is_test(path))


def _storage_code(matcher: EnginesMatcher, sources: Sources, modules: RustModules) -> str | None:
    """The first storage file whose code names the library."""
    paths = [
        path
        for path in sources.storage_paths
        if family_of(language_of(path)) == matcher.language and not is_test_file(path)
    ]
    for path, text in _texts(sources, paths):
        if any(word in text for word in matcher.storage) and not modules.is_test(path):
            words = Parsed(path, text, test=False).words(test=False)
            if any(_names(word.strip('"`'), matcher.storage) for word in words):
                return path
    return None


def _names(word: str, libraries: Iterable[str]) -> bool:
    """Whether a name is that of a library, or an import path that leads into it."""
    return any(word == library or word.startswith(f"{library}/") for library in libraries)


def _texts(sources: Sources, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    for path, data in sources.read(paths):
        text = decoded(data)
        if text is not None:
            yield path, text
