"""The clean set of migrations, proven with some files replaced; and what its proof says."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from gatekeeper.engines.server import running_server
from gatekeeper.migrate.prove import prove
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.proof import EngineProof, ProofResult, SourceFile
from gatekeeper.model.settings import MigrationSettings, PostgresSettings

SHOP = Path(__file__).parent / "data" / "migrations" / "shop"
BOTH = ["postgres", "sqlite"]

Texts = Mapping[str, str | bytes | None]


@contextmanager
def one_server() -> Iterator[PostgresSettings]:
    """A server to share, reached by URL; each proof makes databases of its own on it."""
    with running_server("", sockets=True) as running:
        yield PostgresSettings(url=f"postgresql://postgres@/postgres?host={running.connect['host']}")


class Prover:
    """Proves the clean set with some files replaced, added or (None) removed."""

    def __init__(self, server: PostgresSettings) -> None:
        self._server = server

    def __call__(self, changes: Texts | None = None, settings: MigrationSettings | None = None) -> ProofResult:
        texts: dict[str, str | bytes | None] = {p.name: p.read_bytes() for p in SHOP.iterdir()}
        return self.only(texts | dict(changes or {}), settings)

    def only(self, texts: Texts, settings: MigrationSettings | None = None) -> ProofResult:
        """Prove these files alone."""
        files = [
            SourceFile(f"migrations/{name}", text.encode() if isinstance(text, str) else text)
            for name, text in texts.items()
            if text is not None
        ]
        return prove(files, settings or MigrationSettings(), self._server)


def found(result: ProofResult, rule: str) -> list[Finding]:
    """The findings of one rule of the proof."""
    return [f for f in result.findings if f.rule == f"migration.{rule}"]


def errors(result: ProofResult) -> list[str]:
    """The rules that errors name, without their prefix."""
    return sorted({f.rule.removeprefix("migration.") for f in result.findings if f.severity is Severity.ERROR})


def engine(result: ProofResult, name: str) -> EngineProof:
    """One engine's record."""
    assert result.proof is not None
    return next(e for e in result.proof.engines if e.engine == name)
