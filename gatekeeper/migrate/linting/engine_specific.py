"""Forms of SQL that one engine alone understands, in a file that both run (rule ``lint.engine-specific``)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from gatekeeper.engines.base import EngineName
from gatekeeper.migrate.linting.hit import Hit, edited, example, hit, line_of
from gatekeeper.migrate.linting.reading import Read, Reading
from gatekeeper.migrate.statements import Statement
from gatekeeper.migrate.wording import ENGINE_NAMES
from gatekeeper.model.rules.engine_forms import ENGINE_FORMS, EngineForm

RULE = "lint.engine-specific"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def engine_specific(reading: Reading) -> Iterator[Hit]:
    """The forms of the reading's own engine in a shared file, one hit for each form of a statement.

    A statement that is guarded for this engine may hold them; one for the other engine isn't read at all.
    """
    if not reading.shared:
        return
    forms = [form for form in ENGINE_FORMS if form.engine == reading.engine]
    for read in reading.reads:
        if ("engine", reading.engine) not in read.when:
            yield from _of_statement(read, forms)


def _of_statement(read: Read, forms: Iterable[EngineForm]) -> Iterator[Hit]:
    for form in forms:
        if not _compiled(form.within).match(read.line.text):
            continue
        found = list(_compiled(form.pattern).finditer(read.line.text))
        if found:
            spans = [read.line.span(match.start(), match.end()) for match in found]
            yield _hit(read.statement, form, spans)
            if form.whole:
                return


def _hit(statement: Statement, form: EngineForm, spans: list[tuple[int, int]]) -> Hit:
    start, end = spans[0]
    shown = " ".join(statement.text[start:end].split())
    shown = shown if len(shown) <= 40 else f"{shown[:40]} ..."
    other: EngineName = "postgres" if form.engine == "sqlite" else "sqlite"
    also = f" (and {len(spans) - 1} more in this statement)" if len(spans) > 1 else ""
    does = "takes it for something else" if form.differs else "refuses it"
    message = (
        f"Both engines run this file, and {shown} is {ENGINE_NAMES[form.engine]}'s alone{also}; "
        f"{ENGINE_NAMES[other]} {does}."
    )
    return hit(RULE, statement, message, _remedy(statement, form, spans), line=line_of(statement, start))


def _remedy(statement: Statement, form: EngineForm, spans: list[tuple[int, int]]) -> str:
    """The remedy, with this very statement rewritten where replacing the form is all that it takes."""
    rewritten = _rewritten(statement.text, form, spans)
    if rewritten is not None:
        return example(form.mend, rewritten)
    if form.whole:
        return example(form.mend, f"-- gate: when engine {form.engine}", edited(statement.text))
    return example(f"{form.mend} For instance:", form.good)


def _rewritten(text: str, form: EngineForm, spans: list[tuple[int, int]]) -> str | None:
    """The text with the form replaced; None where the form doesn't say by what."""
    edits = []
    for start, end in spans:
        written = text[start:end]
        if form.replace == '""':
            edits.append((start, end, f'"{written[1:-1]}"'))
        elif form.replace is not None:
            edits.append((*_with_space(text, (start, end), form.replace), form.replace))
        elif (changed := _in_words(written, form.words)) != written:
            edits.append((start, end, changed))
        else:
            return None
    return edited(edited(text, *edits).rstrip("; \n") + form.append)


def _in_words(written: str, words: Mapping[str, str]) -> str:
    """The text with the last of the words in it replaced; a column may be called like its type."""
    for old, new in words.items():
        pattern = old.replace(" ", r"\s+")
        found = list(re.finditer(rf"\b{pattern}\b", written, re.IGNORECASE))
        if found:
            return written[: found[-1].start()] + new + written[found[-1].end() :]
    return written


def _with_space(text: str, span: tuple[int, int], replacement: str) -> tuple[int, int]:
    """The span, with the space before it where nothing takes its place."""
    start, end = span
    if not replacement and not text[end : end + 1].isidentifier():
        while start > 0 and text[start - 1] in " \t":
            start -= 1
    return start, end
