"""Rules as data: one TOML file a rule, its matchers by pack, each with examples that are its tests."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from gatekeeper.audit.sql_forms import Forms


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Example(_Table):
    """Files by path, and where the rule finds something in them: ``path:line`` or ``path``; good ones have none.

    Every engine that the settings know is taken as configured.
    """

    files: dict[str, str]
    found: tuple[str, ...] = ()


class _Matcher(_Table):
    """``prefilter``: a file without any of these texts holds nothing to find; empty where every file may."""

    pack: str
    prefilter: tuple[str, ...] = ()
    examples: tuple[Example, ...] = Field(min_length=2)


class NamesMatcher(_Matcher):
    """Names in code, whatever they were imported as, outside the storage paths and outside test code.

    ``names`` are patterns of full paths (``sqlx::**::Pool``); ``exports`` those that a file may not hand on;
    ``distinctive`` are names so much the library's own that they count also where the file doesn't say whose they
    are; ``methods`` are called on anything with a text that reads as SQL.
    """

    kind: Literal["names"]
    language: Literal["rust"]
    place: Literal["body", "signature"]
    names: tuple[str, ...]
    exports: tuple[str, ...] = ()
    distinctive: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


class FormGroup(_Table):
    """Forms of one engine and what to write instead; see ``sql_forms.Forms``."""

    engine: Literal["sqlite", "postgres"]
    forms: tuple[str, ...]
    mend: str
    own: bool = False


class SqlMatcher(_Matcher):
    """Forms of one engine's SQL in scripts and in literals that ``functions`` or ``methods`` are given."""

    kind: Literal["sql"]
    functions: tuple[str, ...]
    methods: tuple[str, ...]
    groups: tuple[FormGroup, ...]

    @property
    def forms(self) -> tuple[Forms, ...]:
        """The groups as the tokenizer takes them."""
        return tuple(Forms(g.engine, g.forms, g.mend, g.own) for g in self.groups)


class MigrationsMatcher(_Matcher):
    """The structural lint's findings on the whole set of migrations, those of ``rules``."""

    kind: Literal["migrations"]
    rules: tuple[str, ...]


class EnginesMatcher(_Matcher):
    """Test code that names every engine: regular expressions for its words, by engine.

    ``storage`` are texts that show that storage code uses the library at all.
    """

    kind: Literal["engines"]
    language: Literal["rust"]
    storage: tuple[str, ...]
    engines: dict[str, str]


Matcher = Annotated[
    NamesMatcher | SqlMatcher | MigrationsMatcher | EnginesMatcher,
    Field(discriminator="kind"),
]


class AuditRule(_Table):
    """A rule: its id in the catalogue, and how it is found in each pack."""

    id: str
    matcher: tuple[Matcher, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack's matchers, each with the rule it finds."""

    name: str
    matchers: tuple[tuple[str, Matcher], ...]


@cache
def rules() -> tuple[AuditRule, ...]:
    """Every rule that is shipped, sorted by id."""
    files = sorted((Path(__file__).parent / "rules").glob("*.toml"))
    return tuple(_rule(tomllib.loads(file.read_text(encoding="utf-8"))) for file in files)


def packs() -> dict[str, Pack]:
    """The packs that are built, by name."""
    found: dict[str, list[tuple[str, Matcher]]] = {}
    for rule in rules():
        for matcher in rule.matcher:
            found.setdefault(matcher.pack, []).append((rule.id, matcher))
    return {name: Pack(name, tuple(matchers)) for name, matchers in found.items()}


def _rule(data: dict[str, Any]) -> AuditRule:
    return AuditRule.model_validate(data)
