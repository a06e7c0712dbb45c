"""The first pass: every judged file is read once, and only those that hold a wanted text go on to be parsed."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import re2

from gatekeeper.audit.examine import Hit, Job
from gatekeeper.audit.languages import family_of, is_test_file, language_of
from gatekeeper.audit.rule import Bound, CheckMatcher, EnginesMatcher, MigrationsMatcher, NamesMatcher, TextMatcher
from gatekeeper.audit.sources import ANY_HINT, LARGEST, Sources, decoded, engine_of
from gatekeeper.model.globs import matches_any
from gatekeeper.model.value import Value

_MEGABYTE = 1024 * 1024
# No one writes such a line; to tell where something stands in it takes the parser as long as the line is.
_LONGEST_LINE = 100_000


class _Wanted(Value):
    """A matcher that looks at files one by one; ``texts`` empty where every file may hold what it looks for."""

    index: int
    bound: Bound
    texts: tuple[bytes, ...]

    @cached_property
    def likely(self) -> "re2._Regexp[bytes] | None":
        """What the file must match besides."""
        return re2.compile(self.bound.matcher.likely.encode()) if self.bound.matcher.likely else None

    @property
    def expression(self) -> bytes | None:
        """What a file must match to be looked at at all; None where every file may be."""
        if self.bound.matcher.likely:
            return b"(?:" + self.bound.matcher.likely.encode() + b")"
        return b"|".join(re2.escape(text) for text in self.texts) or None

    @property
    def only(self) -> tuple[str, ...]:
        """The globs of the paths that it looks at."""
        return self.bound.matcher.only

    def takes(self, path: str, data: bytes, *, storage: bool) -> bool:
        """Whether it may find something in the file."""
        matcher = self.bound.matcher
        area = getattr(matcher, "area", "outside-storage" if isinstance(matcher, NamesMatcher) else "anywhere")
        if area != "anywhere" and storage is not (area == "storage"):
            return False
        if matches_any(matcher.skip, path) or (matcher.only and not matches_any(matcher.only, path)):
            return False
        if self.texts and not any(text in data for text in self.texts):
            return False
        return self.likely is None or self.likely.search(data) is not None


class _Reader(NamedTuple):
    """The matchers for a language, and one expression for all of their texts and the hints.

    The expression is None where every file counts; ``anywhere`` says that no matcher is for some paths only.
    """

    wanted: list[_Wanted]
    pattern: "re2._Regexp[bytes] | None"
    anywhere: bool


class Readers:
    """Which matchers look at the files of each language; worked out once for all audits by the same matchers."""

    def __init__(self, matchers: Sequence[Bound]) -> None:
        self._matchers = matchers
        self._by_language: dict[str | None, _Reader] = {}

    def of(self, language: str | None) -> _Reader:
        """The matchers for files of that language, None for files of none."""
        if language not in self._by_language:
            wanted = [
                _Wanted(index, bound, tuple(text.encode() for text in _texts(bound, language)))
                for index, bound in enumerate(self._matchers)
                if _reads(bound, language)
            ]
            parts = [each.expression for each in wanted]
            known = sorted({part for part in parts if part is not None})
            pattern = re2.compile(b"|".join([*known, ANY_HINT])) if known and None not in parts else None
            self._by_language[language] = _Reader(wanted, pattern, not any(each.only for each in wanted))
        return self._by_language[language]


class Scan:
    """The files that are to be examined, as ``jobs``, and the notes on those that can't be."""

    def __init__(self, sources: Sources, readers: Readers) -> None:
        self._sources = sources
        self._readers = readers
        self.notes: list[Hit] = []

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The files that are to be read."""
        return tuple(path for path in self._sources.judged() if self._wanted(path))

    def jobs(self) -> Iterator[Job]:
        """Each file that holds something that a matcher looks for; files are read in order, one at a time."""
        for path, data, found in self._sources.holding(
            self.paths, lambda path: self._readers.of(language_of(path)).pattern
        ):
            if data is None:
                self._note(path, f"is larger than {LARGEST // _MEGABYTE} MB and wasn't audited")
            elif not data.isascii() and decoded(data) is None:
                self._note(path, "isn't UTF-8 text and wasn't audited")
            elif len(data) > _LONGEST_LINE and max(map(len, data.split(b"\n"))) > _LONGEST_LINE:
                self._note(path, f"holds a line of more than {_LONGEST_LINE} bytes and wasn't audited")
            elif found:
                yield from self._job(path, data)

    def _job(self, path: str, data: bytes) -> Iterator[Job]:
        storage = self._sources.is_storage(path)
        indexes = tuple(w.index for w in self._wanted(path) if w.takes(path, data, storage=storage))
        if indexes:
            engine = engine_of(path) if storage else None
            shared = self._sources.is_shared_sql(path)
            yield Job(path, decoded(data) or "", indexes, is_test_file(path), engine, shared)

    @property
    def looked(self) -> bool:
        """Whether the tree holds a source that a matcher reads, judged or not."""
        return self._sources.holds_any(self._wanted)

    def _wanted(self, path: str) -> list[_Wanted]:
        """The matchers that read files of that name."""
        reader = self._readers.of(language_of(path))
        if reader.anywhere:
            return reader.wanted
        return [each for each in reader.wanted if not each.only or matches_any(each.only, path)]

    def _note(self, path: str, says: str) -> None:
        self.notes.append(Hit(path, self._wanted(path)[0].index, None, says, note=True))


def _reads(bound: Bound, language: str | None) -> bool:
    """Whether the matcher looks at single files of the language."""
    matcher = bound.matcher
    if isinstance(matcher, CheckMatcher | MigrationsMatcher | EnginesMatcher):
        return False
    if isinstance(matcher, TextMatcher) and not matcher.languages:
        return True
    return language in matcher.languages


def _texts(bound: Bound, language: str | None) -> tuple[str, ...]:
    matcher = bound.matcher
    if matcher.kind == "sql":
        embedded = matcher.embedded.get(family_of(language))  # type: ignore[call-overload]  # any name may be asked for
        return embedded.prefilter if embedded is not None else matcher.prefilter
    return matcher.prefilter
