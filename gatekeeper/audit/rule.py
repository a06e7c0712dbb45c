"""Rules as data: one TOML file a rule, its matchers by pack, each with examples that are its tests."""

from collections.abc import Iterable
from dataclasses import field
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from gatekeeper.audit.languages import family_of
from gatekeeper.audit.sql_forms import Forms
from gatekeeper.model.severity import Severity
from gatekeeper.model.value import Held, Value

Language = Literal["rust", "python", "javascript", "typescript", "tsx", "go", "sql"]
Code = Literal["production", "test", "all"]
_FORMS: dict[str, tuple[Language, ...]] = {"typescript": ("javascript", "typescript", "tsx")}
Area = Literal["anywhere", "storage", "outside-storage"]


class _ByKind:
    """Says that ``kind`` tells which one of several tables it is."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic import Field  # noqa: PLC0415 - rules are mostly used without

        return handler.generate_schema(Annotated[source, Field(discriminator="kind")])


_Text = Annotated[str, Held("min_length", 1)]


class _Table(Value):
    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}


class Example(_Table, kw_only=True):
    """Files by path, and where the rule finds something in them: ``path:line`` or ``path``; good ones have none.

    Every engine that the settings know is taken as configured. ``base`` are the files before a change; without it
    there is no change, and the whole of ``files`` is judged. ``sizes`` are further files, of that many bytes.
    ``settings`` are tables of the configuration that aren't as by default.
    """

    files: dict[str, str]
    base: dict[str, str] | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    found: tuple[str, ...] = ()


class _Matcher(_Table, kw_only=True):
    """What every matcher has.

    ``prefilter``: a file without any of these texts holds nothing to find and isn't parsed; empty where every file
    may. ``likely`` is an expression (RE2's syntax) that says so more exactly. ``only`` and ``skip`` are globs of
    paths. ``severity`` is the rule's where it isn't given.
    """

    pack: str
    prefilter: tuple[str, ...] = ()
    likely: str = ""
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    severity: Severity | None = None
    examples: Annotated[tuple[Example, ...], Held("min_length", 2)]


class CodeMatcher(_Matcher, kw_only=True):
    """Syntax: ``rule``, ``constraints`` and ``utils`` are those of an ast-grep rule.

    ``at`` names the metavariable that the finding stands on (else it stands on the whole match); ``says`` goes on
    from ``path:line`` and may hold ``{found}``.
    """

    kind: Literal["code"]
    languages: Annotated[tuple[Language, ...], Held("min_length", 1)]
    rule: dict[str, Any]
    constraints: dict[str, Any] = field(default_factory=dict)
    utils: dict[str, Any] = field(default_factory=dict)
    at: str = ""
    says: str
    code: Code = "production"
    area: Area = "anywhere"


class TextMatcher(_Matcher, kw_only=True):
    """A regular expression (RE2's syntax) in comments, in string literals or in whole files.

    Files of ``languages``, or of ``only`` where there is none (then ``within`` is ``file``).
    """

    kind: Literal["text"]
    languages: tuple[Language, ...] = ()
    within: Literal["comments", "strings", "file"]
    pattern: str
    says: str
    code: Code = "production"
    area: Area = "anywhere"


class CheckMatcher(_Matcher, kw_only=True):
    """A check that is no pattern, by its name in ``gatekeeper.audit.checks``; for the shipped rules alone."""

    kind: Literal["check"]
    check: str


class NamesMatcher(_Matcher, kw_only=True):
    """Names in production code, whatever they were imported as; outside storage unless ``area`` says else.

    ``names`` are patterns of full paths (``sqlx::**::Pool``, ``sqlite3.*``); ``exports`` those that a file may not
    hand on; ``distinctive`` are names so much the library's own that they count also where the file doesn't say
    whose they are; ``methods`` are called on anything with a text that reads as SQL. ``place`` is where a name
    counts: in a signature or a field, or elsewhere. ``says`` goes on from ``path:line`` and may hold
    ``{found}``.
    """

    kind: Literal["names"]
    language: Literal["rust", "python", "go", "typescript"]
    place: Literal["body", "signature"]
    area: Area = "outside-storage"
    says: str
    names: tuple[str, ...]
    exports: tuple[str, ...] = ()
    distinctive: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()

    @property
    def languages(self) -> tuple[Language, ...]:
        """The one language; with ``typescript`` JavaScript too."""
        return _FORMS.get(self.language, (self.language,))


class FormGroup(_Table, kw_only=True):
    """Forms of one engine and what to write instead; see ``sql_forms.Forms``. ``languages`` empty: in all."""

    engine: Literal["sqlite", "postgres"]
    forms: tuple[str, ...]
    mend: str
    own: bool = False
    languages: tuple[Language, ...] = ()


class Embedded(_Table, kw_only=True):
    """Where a language's SQL literals stand: what ``functions`` or ``methods`` are given."""

    prefilter: tuple[str, ...]
    functions: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


class SqlMatcher(_Matcher, kw_only=True):
    """Forms of one engine's SQL in scripts, and in literals of each language of ``embedded``."""

    kind: Literal["sql"]
    embedded: dict[Literal["rust", "python", "go", "typescript"], Embedded]
    groups: tuple[FormGroup, ...]

    @property
    def languages(self) -> tuple[Language, ...]:
        """The scripts' language and those that hold SQL in literals."""
        return ("sql", *(each for name in self.embedded for each in _FORMS.get(name, (name,))))

    def forms_in(self, language: str) -> tuple[Forms, ...]:
        """The groups that count in a language, as the tokenizer takes them."""
        groups = (g for g in self.groups if not g.languages or family_of(language) in g.languages)
        return tuple(Forms(g.engine, g.forms, g.mend, g.own) for g in groups)


class MigrationsMatcher(_Matcher, kw_only=True):
    """The structural lint's findings on the whole set of migrations, those of ``rules``."""

    kind: Literal["migrations"]
    rules: tuple[str, ...]


class EnginesMatcher(_Matcher, kw_only=True):
    """Test code that names every engine: regular expressions for its words, by engine.

    ``storage`` are names that show that storage code uses the library at all.
    """

    kind: Literal["engines"]
    language: Literal["rust", "python", "go", "typescript"]
    storage: tuple[str, ...]
    engines: dict[str, str]


Matcher = Annotated[
    CodeMatcher | TextMatcher | CheckMatcher | NamesMatcher | SqlMatcher | MigrationsMatcher | EnginesMatcher,
    _ByKind(),
]


class AuditRule(_Table, kw_only=True):
    """A rule: what the catalogue says of it, and how it is found in each pack.

    ``what`` is what a finding means, ``why`` the reason for the rule, ``source`` where that reason comes from,
    ``mend`` what to do. ``bad`` and ``good`` are what the documentation shows where an example's files say nothing
    by themselves, or may stand in no file as they are.
    """

    id: Annotated[str, Held("pattern", r"^[A-Za-z][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)*$")]
    title: _Text
    severity: Severity
    what: _Text
    why: _Text
    source: _Text
    mend: _Text
    bad: str = ""
    good: str = ""
    matcher: Annotated[tuple[Matcher, ...], Held("min_length", 1)]


class Bound(NamedTuple):
    """A matcher with the rule that it finds."""

    rule: AuditRule
    matcher: Matcher

    @property
    def severity(self) -> Severity:
        """How much its findings weigh."""
        return self.matcher.severity or self.rule.severity


def packs(rules: Iterable[AuditRule]) -> dict[str, tuple[Bound, ...]]:
    """The matchers of the rules by the name of their pack."""
    found: dict[str, list[Bound]] = {}
    for rule in rules:
        for matcher in rule.matcher:
            found.setdefault(matcher.pack, []).append(Bound(rule, matcher))
    return {name: tuple(bound) for name, bound in found.items()}
