"""A proof as a table: a line a version, engines that agree share it."""

from gatekeeper.model.finding import Status
from gatekeeper.model.proof import EngineProof, MigrationFile, Proof
from gatekeeper.reports.proof import proof_table

PASS, FAIL, NO = Status.PASS, Status.FAIL, Status.NOT_APPLICABLE


def record(name: str, versions: dict[str, dict[str, Status]]) -> EngineProof:
    steps = {step: PASS for found in versions.values() for step in found}
    return EngineProof(
        engine=name,
        version="1",
        source="builtin",
        status=PASS,
        applied=len(versions),
        steps=steps,
        versions=versions,
        fingerprint=None,
        duration_ms=0,
    )


def table(*engines: EngineProof, whole: bool = False) -> list[str]:
    versions = sorted({version for engine in engines for version in engine.versions})
    files = tuple(MigrationFile(version=v, path=f"m/{v}.sql", sha256="", down=None) for v in versions)
    lines = proof_table(Proof(engines=engines, files=files), whole=whole)
    return ["  ".join(text for text, _ in line) for line in lines]


def test_engines_that_agree_share_a_line_and_others_have_their_own() -> None:
    postgres = record(
        "postgres", {"1": {"apply": PASS, "staircase": PASS}, "2": {"apply": PASS, "staircase": FAIL}}
    )
    sqlite = record("sqlite", {"1": {"apply": PASS, "staircase": PASS}, "2": {"apply": PASS, "staircase": NO}})
    assert table(postgres, sqlite) == [
        "version  engine            apply  staircase",
        "1        postgres, sqlite  PASS   PASS",
        "2        postgres          PASS   FAIL",
        "2        sqlite            PASS   -",
    ]


def test_a_very_long_table_shows_what_did_not_pass_and_counts_the_rest() -> None:
    versions = {f"{n:03}": {"apply": FAIL if n == 7 else PASS} for n in range(100)}
    shown = table(record("sqlite", versions))
    assert shown[1:] == [
        "007      sqlite  FAIL",
        "and 99 more lines in which nothing failed (-v shows them)",
    ]
    assert len(table(record("sqlite", versions), whole=True)) == 101


def test_nothing_that_ran_makes_no_table() -> None:
    assert table(record("sqlite", {})) == []
