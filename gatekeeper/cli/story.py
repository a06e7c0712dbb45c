"""The demo's story: a real change in a made repository, gated from its packet to three planted faults."""

import re
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gatekeeper import resources, runs
from gatekeeper.changes.build import BuiltRepository
from gatekeeper.model.errors import UsageError
from gatekeeper.model.finding import CheckResult, Finding, Severity, Status
from gatekeeper.model.verdict import Verdict
from gatekeeper.reports.plain import printable

WP_ID = "WP-1-Migration-Framework"
PACKET = f"packets/{WP_ID}.md"

_APPROVAL = b"SKELETON APPROVED\n\n"
_POST_SHA1 = re.compile(rb"(?<=\*\*Post-SHA1\*\*: `)[0-9a-f]")

Show = Callable[[str], None]
Files = Mapping[str, bytes]


def run_demo(directory: Path | None, show: Show) -> int:
    """Tell the story of one change, line by line, to ``show``; leave its repository behind, clean and passing.

    ``directory`` must not exist or be empty (UsageError); None means a new folder among the temporary ones.
    Returns 0 when every gate came out as it should, else 1, having said which did not.
    """
    repository = _new_repository(directory)
    show(f"The life of one change, {WP_ID}, in {repository.path}")
    story = _Story(repository, show)
    story.application()
    story.pre_work()
    story.change()
    story.faults()
    return story.close()


@dataclass(slots=True)
class _Story:
    """One run of the demo; ``surprises`` are sentences about what did not come out as it should."""

    repository: BuiltRepository
    show: Show
    steps: int = 0
    surprises: list[str] = field(default_factory=list)

    def application(self) -> None:
        """The repository as a coder finds it: application, signed plan, approved skeleton, on main."""
        self.step(
            "Make a repository: a storage layer, nine migrations without downs, a signed and approved packet"
        )
        files = _files("base")
        planned = {path: data for path, data in files.items() if path.startswith("packets/")}
        self.commit({p: data for p, data in files.items() if p not in planned}, "Workspace server")
        unapproved = planned[PACKET].replace(_APPROVAL, b"")
        self.commit({**planned, PACKET: unapproved}, f"{WP_ID}: packet and refinement, signed")
        self.commit({PACKET: planned[PACKET]}, f"{WP_ID}: approve the skeleton")

    def pre_work(self) -> None:
        """The gate before work, on the branch that will hold it."""
        self.step("May work start?")
        self.repository.branch("migration-framework")
        self.show(f"   gate pre-work {WP_ID}")
        self.judged(runs.pre_work(self.repository.path, WP_ID), "pre-work")

    def change(self) -> None:
        """The change in two commits; the gate after each, and once more as CI would ask."""
        commits = (
            ("1", "first", "make every migration replay-safe and give it a down"),
            ("2", "second", "show the schema's version, test replay and undo"),
        )
        for layer, ordinal, message in commits:
            self.step(f"The coder's {ordinal} commit: {message}. Is the change proven so far?")
            self.commit(_files(f"change/{layer}"), f"{WP_ID}: {message}")
            self.show(f"   gate post-work {WP_ID}")
            self.judged(runs.post_work(self.repository.path, WP_ID), f"post-work after commit {layer}")
        self.step("Commit the packet with the manifest that the gate wrote, and compare as CI does")
        self.commit({PACKET: (self.repository.path / PACKET).read_bytes()}, f"{WP_ID}: manifest")
        self.show(f"   gate post-work {WP_ID} --check")
        self.judged(runs.post_work(self.repository.path, WP_ID, check=True), "post-work --check")

    def faults(self) -> None:
        """Three broken variants of the change, each staged, judged and taken back."""
        edited = {PACKET: _with_one_digit_changed((self.repository.path / PACKET).read_bytes())}
        self.fault("a hash in the manifest edited by hand", edited, "manifest.post-sha1", check=True)
        strange = _files("faults/out-of-scope")
        self.fault("a file that the packet doesn't name", strange, "scope.out-of-scope")
        unsafe = _files("faults/replay")
        self.fault("a migration that fails on its second run", unsafe, "migration.replay-fails")

    def fault(self, title: str, files: Files, rule: str, *, check: bool = False) -> None:
        """Plant a fault and expect the verdict FAIL with this rule among its errors."""
        self.step(f"Planted fault: {title} ({', '.join(files)})")
        self.show(f"   gate post-work {WP_ID}{' --check' if check else ''}")
        with _staged(self.repository, files):
            verdict = runs.post_work(self.repository.path, WP_ID, check=check)
        self.report(verdict)
        if verdict.status is not Status.FAIL or rule not in {finding.rule for finding in _all_errors(verdict)}:
            self.surprises.append(
                f"The planted fault, {title}, came to {verdict.status} without the error {rule}."
            )

    def judged(self, verdict: Verdict, name: str) -> None:
        """Show a verdict that should be PASS."""
        self.report(verdict)
        if verdict.status is not Status.PASS:
            self.surprises.append(f"{name} came to {verdict.status} instead of PASS.")

    def close(self) -> int:
        """Say how it went and where to look next; the exit code."""
        self.show("")
        for surprise in self.surprises:
            self.show(f"Not as it should be: {surprise}")
        if not self.surprises:
            self.show("Everything came out as it should: the change is proven, and the three faults were caught.")
        at = shlex.quote(str(self.repository.path))
        self.show("Where to look next:")
        self.show(f"  {self.repository.path / PACKET}")
        self.show("      the packet; the manifest stands in its section VALIDATION")
        self.show(f"  gate post-work {WP_ID} --repo {at} --check")
        self.show("      the same verdict again, from what is committed")
        self.show("  README.md of gatekeeper")
        self.show("      how to gate a repository of your own")
        return 1 if self.surprises else 0

    def step(self, title: str) -> None:
        """A numbered heading."""
        self.steps += 1
        self.show("")
        self.show(f"{self.steps}. {title}")

    def report(self, verdict: Verdict) -> None:
        """The verdict's short form, indented."""
        for line in _short(verdict):
            self.show(f"   {line}".rstrip())

    def commit(self, files: Files, message: str) -> None:
        """Write, stage and commit exactly these files."""
        self.repository.write(files)
        self.repository.add(*files)
        self.repository.commit(message)


def _short(verdict: Verdict) -> Iterator[str]:
    """What was judged, which checks passed, each error with its mend, and the closing line."""
    if verdict.change_set is not None:
        yield printable(f"{verdict.change_set.files} files. {verdict.change_set.reason}")
    for status in Status:
        checks = [check.id for check in verdict.checks if check.status is status]
        if checks:
            yield f"{status}: {' '.join(checks)}"
    for check in verdict.checks:
        if check.status in {Status.FAIL, Status.NOT_RUN} and check.reason and not _errors(check):
            yield printable(f"{check.id}: {check.reason}")
    if verdict.migrations is not None:
        for engine in verdict.migrations.engines:
            yield f"{engine.engine} {engine.version}: {', '.join(f'{k} {v}' for k, v in engine.steps.items())}"
    for error in _all_errors(verdict):
        engine_name = f" [{error.engine}]" if error.engine else ""
        yield printable(f"error {error.rule}{engine_name}: {error.message}")
        if error.hint:
            yield printable(f"  mend: {error.hint}")
    yield f"=> {verdict.gate} {verdict.status}"


def _all_errors(verdict: Verdict) -> list[Finding]:
    return [finding for check in verdict.checks for finding in _errors(check)]


def _errors(check: CheckResult) -> list[Finding]:
    return [finding for finding in check.findings if finding.severity is Severity.ERROR and finding.waiver is None]


@contextmanager
def _staged(repository: BuiltRepository, files: Files) -> Iterator[None]:
    """The files in work tree and index for the block's duration; then they and the packet as they were."""
    kept = {path: (repository.path / path).read_bytes() for path in (*files, PACKET)}
    repository.write(files)
    repository.add(*files)
    try:
        yield
    finally:
        repository.write(kept)
        repository.add(*kept)


def _with_one_digit_changed(packet: bytes) -> bytes:
    return _POST_SHA1.sub(lambda digit: b"1" if digit.group() == b"0" else b"0", packet, count=1)


def _files(layer: str) -> dict[str, bytes]:
    """A layer of the shipped demo: path to content, with LF line ends whatever the installation made of them."""
    folder = resources.templates() / "demo" / layer
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {p.relative_to(folder).as_posix(): p.read_bytes().replace(b"\r\n", b"\n") for p in paths}


def _new_repository(directory: Path | None) -> BuiltRepository:
    path = Path(tempfile.mkdtemp(prefix="gate-demo-")) if directory is None else directory
    try:
        return BuiltRepository.create(path)
    except OSError as error:
        raise UsageError(
            f"{path} can't be made into a repository: {error.strerror}.", hint="name a folder that can be made"
        ) from error
