"""How the files stand to what a tracking table records: each version's state, and what is wrong with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gatekeeper.engines.base import EngineName
from gatekeeper.migrate.discover import Migration
from gatekeeper.migrate.lint import Since
from gatekeeper.migrate.tracking import Row, digest_of, name_of
from gatekeeper.model.finding import Finding, Severity
from gatekeeper.model.runner import State, VersionState

DigestOf = Callable[[Migration], str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tracking table is, as findings name it; ``tool`` is None for the runner's own."""

    engine: EngineName
    database: str
    table: str
    tool: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """All versions in order, the migrations still to apply, and the findings."""

    versions: tuple[VersionState, ...]
    pending: tuple[Migration, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings with which nothing may be applied."""
        return tuple(f for f in self.findings if f.severity is Severity.ERROR)


def examine(
    migrations: Sequence[Migration],
    rows: Mapping[int, Row],
    place: Place,
    *,
    since: Since | None = None,
    digest: DigestOf = digest_of,
    any_order: bool = False,
    unfinished_allowed: bool = False,
) -> Standing:
    """Hold files and rows against each other.

    ``any_order`` lets versions be pending below the newest applied; ``unfinished_allowed`` lets those whose last
    run did not end be pending again.
    """
    files = {migration.version.key: migration for migration in migrations}
    newest = max((key for key, row in rows.items() if row.state == "applied"), default=-1)
    versions, pending, findings = [], [], []
    for key in sorted(files.keys() | rows.keys()):
        migration, row = files.get(key), rows.get(key)
        late = key < newest and not any_order
        state = _state(migration, row, late=late, digest=digest)
        versions.append(_version(migration, row, state))
        if migration and (state is State.PENDING or (state is State.INCOMPLETE and unfinished_allowed)):
            pending.append(migration)
            continue
        finding = _finding(state, migration, row, place, newer=key > max(files, default=-1))
        if finding:
            judged = since.judged(migration.version, finding) if since and migration else finding
            findings.append(finding if state is State.INCOMPLETE else judged)
    return Standing(tuple(versions), tuple(pending), tuple(findings))


def _state(migration: Migration | None, row: Row | None, *, late: bool, digest: DigestOf) -> State:
    if row is None:
        return State.OUT_OF_ORDER if late else State.PENDING
    if row.state == "dirty":
        return State.DIRTY
    if row.state != "applied":
        return State.INCOMPLETE
    if migration is None:
        return State.MISSING
    if row.digest is not None and row.digest != digest(migration):
        return State.EDITED
    return State.APPLIED


def _version(migration: Migration | None, row: Row | None, state: State) -> VersionState:
    return VersionState(
        version=row.version if migration is None and row else migration.version.text if migration else "",
        name=name_of(migration) if migration else row.name if row else None,
        path=migration.path if migration else None,
        state=state,
        applied_at=row.applied_at if row else None,
    )


def _finding(
    state: State, migration: Migration | None, row: Row | None, place: Place, *, newer: bool
) -> Finding | None:
    if state is State.DIRTY and row:
        return _dirty(row, migration, place)
    if state is State.INCOMPLETE and row:
        return _incomplete(row, migration, place)
    if state is State.MISSING and row:
        return _missing(row, place, newer=newer)
    if state is State.EDITED and migration and row:
        return _edited(migration, row, place)
    if state is State.OUT_OF_ORDER and migration:
        return _out_of_order(migration, place)
    return None


def _edited(migration: Migration, row: Row, place: Place) -> Finding:
    when = f" on {row.applied_at}" if row.applied_at else ""
    return Finding(
        rule="migration.edited",
        message=f"Version {migration.version.text} was applied to {place.database}{when} from another text than "
        f"{migration.path} holds now.",
        path=migration.path,
        hint=f"put the file back as it was (git log -p -- {migration.path}) and make the change in a new version: "
        "gate migrations new NAME",
        engine=place.engine,
    )


def _missing(row: Row, place: Place, *, newer: bool) -> Finding:
    name = f" ({row.name})" if row.name else ""
    if newer:
        message = f"{place.database} holds version {row.version}{name}, which is newer than every file here."
        hint = "get the files of the release that made it (git pull), then run the command again"
    else:
        message = f"{place.database} holds version {row.version}{name}, and no file here has it."
        hint = f"put the file back: git log --diff-filter=D --name-only -- '*{row.version}*'"
    return Finding(rule="migration.unknown", message=message, hint=hint, engine=place.engine)


def _out_of_order(migration: Migration, place: Place) -> Finding:
    return Finding(
        rule="migration.out-of-order",
        message=f"Version {migration.version.text} is not applied to {place.database}, and later ones are.",
        path=migration.path,
        hint="give it a number after the newest one, or apply it late: gate migrations apply --allow-out-of-order",
        engine=place.engine,
    )


def _incomplete(row: Row, migration: Migration | None, place: Place) -> Finding:
    version = row.version
    what = "down" if row.state == "undoing" else "run" if row.state == "failed" else "up"
    happened = "failed on" if row.state == "failed" else "did not end; it began on"
    return Finding(
        rule="migration.incomplete",
        message=f"The {what} of version {version} in {place.database}, outside a transaction, {happened} "
        f"{row.applied_at}; a part of it may be there.",
        path=migration.path if migration else None,
        hint="once no other run is at it, gate migrations apply --rerun runs the up again from its start; "
        "gate migrations undo --yes-destroy-data runs the down; or finish it by hand and record it: "
        f"gate migrations apply --baseline {version}",
        engine=place.engine,
    )


def _dirty(row: Row, migration: Migration | None, place: Place) -> Finding:
    mend = {"golang-migrate": " (migrate force VERSION)", "sqlx": " (delete its row)"}.get(place.tool or "", "")
    return Finding(
        rule="migration.dirty",
        message=f"{place.tool} left version {row.version} half done in {place.database} (table {place.table}).",
        path=migration.path if migration else None,
        hint=f"finish or take back its statements by hand and clear the mark{mend}, then run the command again",
        engine=place.engine,
    )
