"""How many tests ran, from the closing lines of the runners that say so.

A runner is data: which lines close its run, which words in them count what, and which lines say that nothing ran.
Lines of several runs, and of several runners, are summed.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gatekeeper.evidence.output import plain
from gatekeeper.model.evidence import TestCounts

_NUMBER_FIRST = r"(?P<number>\d{1,9}) (?P<word>[A-Za-z]+)"
_WORD_FIRST = r"(?P<word>[A-Za-z][A-Za-z ]{0,20}?)\s{0,3}[:=]\s{0,9}(?P<number>\d{1,9})"


@dataclass(frozen=True, slots=True)
class Runner:
    """One runner. ``closing`` match whole closing lines, ``none`` lines that say that no test ran.

    ``pairs`` find number and word in a closing line's group ``counts``; a word without a number counts one, and
    one that ``words`` doesn't hold counts nothing. They say whether the number counts ``passed``, ``failed``,
    ``skipped`` or ``total``; passed are then what the others leave. ``examples`` are lines and their counts
    (passed, failed, skipped).
    """

    name: str
    closing: tuple[str, ...]
    words: Mapping[str, str]
    examples: tuple[tuple[str, tuple[int, int, int]], ...]
    none: tuple[str, ...] = ()
    pairs: tuple[str, ...] = (_NUMBER_FIRST,)


_PYTEST = r"\d+ (?:passed|failed|skipped|errors?|xfailed|xpassed|rerun|deselected|warnings?)"
_RESULTS = {"passed": "passed", "failed": "failed", "skipped": "skipped"}

RUNNERS: tuple[Runner, ...] = (
    Runner(
        name="pytest",
        closing=(rf"(?:=+ )?(?P<counts>{_PYTEST}(?:, {_PYTEST})*) in [\d.]+s(?: \([^)]*\))?(?: =+)?",),
        words=_RESULTS | {"error": "failed", "errors": "failed", "xfailed": "passed", "xpassed": "passed"},
        none=(r"(?:=+ )?(?:no tests ran|no tests collected.*) in [\d.]+s?.*",),
        examples=(
            ("=========== 2 failed, 10 passed, 1 skipped, 3 warnings in 0.52s ============", (10, 2, 1)),
            ("3578 passed in 401.22s (0:06:41)", (3578, 0, 0)),
            ("1 failed, 2 passed, 1 error in 0.10s", (2, 2, 0)),
            ("4 deselected in 0.01s", (0, 0, 0)),
            ("1 xfailed, 1 xpassed in 0.01s", (2, 0, 0)),
            ("no tests ran in 0.01s", (0, 0, 0)),
            ("============ no tests collected (2 deselected) in 0.02s =============", (0, 0, 0)),
        ),
    ),
    Runner(
        name="cargo test",
        closing=(r"test result: (?:ok|FAILED)\. (?P<counts>\d+ passed; \d+ failed; \d+ ignored);.*",),
        words={"passed": "passed", "failed": "failed", "ignored": "skipped"},
        examples=(
            (
                "test result: ok. 133 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 28.66s",
                (133, 0, 2),
            ),
            (
                "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s",
                (1, 1, 0),
            ),
            (
                "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.00s",
                (0, 0, 0),
            ),
        ),
    ),
    Runner(
        name="cargo nextest",
        closing=(r"\s*Summary \[\s*[\d.]+s\] (?P<counts>\d+(?:/\d+)? tests? run: .*)",),
        words={"passed": "passed", "failed": "failed", "skipped": "skipped", "timed": "failed", "exec": "failed"},
        pairs=(r"(?P<number>\d{1,9}) (?P<word>passed|failed|skipped|timed|exec)",),
        none=(r"\s*error: no tests to run.*",),
        examples=(
            ("     Summary [   0.012s] 10 tests run: 9 passed (1 slow), 1 failed, 2 skipped", (9, 1, 2)),
            ("     Summary [   1.2s] 3/5 tests run: 1 passed, 1 failed, 1 timed out, 0 skipped", (1, 2, 0)),
            ("     Summary [   0.000s] 0 tests run: 0 passed, 7 skipped", (0, 0, 7)),
            ("error: no tests to run", (0, 0, 0)),
        ),
    ),
    Runner(
        name="node --test",
        closing=(r"(?:#|\u2139|\\u2139) (?P<counts>(?:pass|fail|cancelled|skipped|todo) +\d+)",),
        words={"pass": "passed", "fail": "failed", "cancelled": "failed", "skipped": "skipped", "todo": "skipped"},
        pairs=(r"(?P<word>pass|fail|cancelled|skipped|todo) +(?P<number>\d{1,9})",),
        examples=(
            ("# pass 5", (5, 0, 0)),
            ("\u2139 fail 2", (0, 2, 0)),
            ("# skipped 1", (0, 0, 1)),
            ("# pass 0", (0, 0, 0)),
        ),
    ),
    Runner(
        name="vitest",
        closing=(r"\s*Tests {2,}(?P<counts>\d+ [a-z]+(?: \| \d+ [a-z]+)*) \(\d+\)",),
        words=_RESULTS | {"todo": "skipped"},
        none=(r"\s*Tests {2,}no tests", r"No test files found, exiting.*"),
        examples=(
            ("      Tests  5 passed | 1 skipped (6)", (5, 0, 1)),
            ("      Tests  1 failed | 5 passed | 1 todo (7)", (5, 1, 1)),
            ("      Tests  no tests", (0, 0, 0)),
            ("No test files found, exiting with code 0", (0, 0, 0)),
        ),
    ),
    Runner(
        name="jest",
        closing=(r"Tests: {2,}(?P<counts>(?:\d+ [a-z]+, )*\d+ total)",),
        words=_RESULTS | {"todo": "skipped", "total": ""},
        none=(r"No tests found, exiting with code \d.*", r"No tests found related to files.*"),
        examples=(
            ("Tests:       1 failed, 2 skipped, 5 passed, 8 total", (5, 1, 2)),
            ("Tests:       0 total", (0, 0, 0)),
            ("No tests found, exiting with code 0", (0, 0, 0)),
        ),
    ),
    Runner(
        name="mocha",
        closing=(r"\s{2}(?P<counts>\d+ (?:passing|failing|pending))(?: \([\d.]+\w+\))?",),
        words={"passing": "passed", "failing": "failed", "pending": "skipped"},
        examples=(("  5 passing (12ms)", (5, 0, 0)), ("  2 failing", (0, 2, 0)), ("  0 passing (1ms)", (0, 0, 0))),
    ),
    Runner(
        name="Maven",
        closing=(
            r"(?:\[\w+\] )?(?P<counts>Tests run: \d+, Failures: \d+, Errors: \d+, Skipped: \d+)(?:, Flakes: \d+)?",
        ),
        words={"Tests run": "total", "Failures": "failed", "Errors": "failed", "Skipped": "skipped"},
        pairs=(_WORD_FIRST,),
        none=(r"\[(?:INFO|ERROR)\] (?:No tests to run\.|.*No tests (?:were executed|matching pattern).*)",),
        examples=(
            ("[INFO] Tests run: 5, Failures: 0, Errors: 0, Skipped: 1", (4, 0, 1)),
            ("[ERROR] Tests run: 5, Failures: 1, Errors: 1, Skipped: 0", (3, 2, 0)),
            ("[INFO] No tests to run.", (0, 0, 0)),
        ),
    ),
    Runner(
        name="Gradle",
        closing=(r"(?P<counts>\d+ tests? completed(?:, \d+ failed)?(?:, \d+ skipped)?)",),
        words={"tests": "total", "test": "total", "failed": "failed", "skipped": "skipped"},
        none=(r"> Task :(?:\S+:)?test NO-SOURCE", r".*No tests found for given includes.*"),
        examples=(
            ("12 tests completed, 1 failed, 2 skipped", (9, 1, 2)),
            ("> Task :app:test NO-SOURCE", (0, 0, 0)),
        ),
    ),
    Runner(
        name="ctest",
        closing=(r"\d+% tests passed, (?P<counts>\d+ tests? failed out of \d+)",),
        words={"failed": "failed", "of": "total"},
        pairs=(r"(?P<number>\d{1,9}) tests? (?P<word>failed)", r"out (?P<word>of) (?P<number>\d{1,9})"),
        none=(r"No tests were found!!!",),
        examples=(
            ("100% tests passed, 0 tests failed out of 5", (5, 0, 0)),
            ("80% tests passed, 1 tests failed out of 5", (4, 1, 0)),
            ("No tests were found!!!", (0, 0, 0)),
        ),
    ),
    Runner(
        name="dotnet test",
        closing=(
            r"(?:Passed|Failed|Skipped)! +- (?P<counts>Failed: +\d+, Passed: +\d+, Skipped: +\d+), Total: .*",
            r"Test summary: (?P<counts>total: \d+, failed: \d+, succeeded: \d+, skipped: \d+).*",
        ),
        words={"Passed": "passed", "Failed": "failed", "Skipped": "skipped", "total": ""}
        | {"failed": "failed", "succeeded": "passed", "skipped": "skipped"},
        pairs=(_WORD_FIRST,),
        none=(r"No test is available in .*", r"No test matches the given testcase filter .*"),
        examples=(
            (
                "Passed!  - Failed:     0, Passed:     5, Skipped:     1, Total:     6, Duration: 12 ms - a.dll",
                (5, 0, 1),
            ),
            ("Test summary: total: 5, failed: 1, succeeded: 3, skipped: 1, duration: 1.2s", (3, 1, 1)),
            ("No test matches the given testcase filter `X` in a.dll", (0, 0, 0)),
        ),
    ),
    Runner(
        name="unittest",
        closing=(
            r"Ran (?P<counts>\d+ tests?) in [\d.]+s",
            r"(?:OK|FAILED) \((?P<counts>[a-z ]+=\d+(?:, [a-z ]+=\d+)*)\)",
        ),
        words={"tests": "total", "test": "total", "failures": "failed", "errors": "failed", "skipped": "skipped"}
        | {"expected failures": "", "unexpected successes": "failed"},
        pairs=(_NUMBER_FIRST, r"(?P<word>[a-z ]+)=(?P<number>\d{1,9})"),
        none=(r"NO TESTS RAN(?: \(.*\))?",),
        examples=(
            ("Ran 5 tests in 0.001s", (5, 0, 0)),
            ("Ran 0 tests in 0.000s", (0, 0, 0)),
            ("NO TESTS RAN", (0, 0, 0)),
        ),
    ),
    Runner(
        name="RSpec",
        closing=(r"(?P<counts>\d+ examples?, \d+ failures?(?:, \d+ pending)?)(?:, \d+ errors? occurred.*)?",),
        words={"examples": "total", "example": "total", "failures": "failed", "failure": "failed"}
        | {"pending": "skipped"},
        examples=(
            ("5 examples, 1 failure, 2 pending", (2, 1, 2)),
            ("1 example, 0 failures", (1, 0, 0)),
            ("0 examples, 0 failures", (0, 0, 0)),
        ),
    ),
    Runner(
        name="PHPUnit",
        closing=(
            r"OK \((?P<counts>\d+ tests?, \d+ assertions?)\)",
            r"(?P<counts>Tests: \d+, Assertions: \d+(?:, [A-Za-z ]+: \d+)*)\.",
        ),
        words={"tests": "total", "test": "total", "Tests": "total", "Failures": "failed", "Errors": "failed"}
        | {"Skipped": "skipped", "Incomplete": "skipped"},
        pairs=(_NUMBER_FIRST, r"(?P<word>[A-Z][a-z]+): (?P<number>\d{1,9})"),
        none=(r"No tests executed!",),
        examples=(
            ("OK (5 tests, 10 assertions)", (5, 0, 0)),
            ("Tests: 5, Assertions: 10, Failures: 1, Errors: 1, Skipped: 1.", (2, 2, 1)),
            ("No tests executed!", (0, 0, 0)),
        ),
    ),
    Runner(
        name="deno test",
        closing=(r"(?:ok|FAILED) \| (?P<counts>\d+ passed.*)",),
        words={"passed": "passed", "failed": "failed", "ignored": "skipped"},
        pairs=(r"(?P<number>\d{1,9}) (?P<word>passed|failed|ignored)",),
        examples=(("ok | 5 passed (2 steps) | 0 failed | 1 ignored (12ms)", (5, 0, 1)),),
    ),
    Runner(
        name="minitest",
        closing=(r"(?P<counts>\d+ runs, \d+ assertions, \d+ failures, \d+ errors, \d+ skips)",),
        words={"runs": "total", "failures": "failed", "errors": "failed", "skips": "skipped"},
        examples=(("5 runs, 10 assertions, 1 failures, 0 errors, 1 skips", (3, 1, 1)),),
    ),
    Runner(
        name="go test",
        closing=(
            r"--- (?P<counts>PASS|FAIL|SKIP): \S+ \([\d.]+s\)",
            r'\{.*"Action":"(?P<counts>pass|fail|skip)".*"Test":".*\}',
        ),
        words={"PASS": "passed", "FAIL": "failed", "SKIP": "skipped", "pass": "passed", "fail": "failed"}
        | {"skip": "skipped"},
        pairs=(r"(?P<word>\w+)",),
        examples=(
            ("--- PASS: TestAdd (0.00s)", (1, 0, 0)),
            ("--- FAIL: TestAdd (0.00s)", (0, 1, 0)),
            (
                '{"Time":"2026-01-01T00:00:00Z","Action":"pass","Package":"a/b","Test":"TestAdd","Elapsed":0}',
                (1, 0, 0),
            ),
        ),
    ),
    Runner(
        name="go test, packages",
        closing=(r"(?P<counts>ok|FAIL)[ \t]+\S+[ \t]+(?:[\d.]+s|\(cached\))(?:[ \t]+coverage: .*)?",),
        words={"ok": "passed", "FAIL": "failed"},
        pairs=(r"(?P<word>\w+)",),
        none=(
            r"ok[ \t]+\S+[ \t]+(?:[\d.]+s|\(cached\))(?:[ \t]+coverage: .*)?[ \t]+\[no tests to run\]",
            r"\?[ \t]+\S+[ \t]+\[no test files\]",
        ),
        examples=(
            ("ok  \texample.com/a\t0.012s", (1, 0, 0)),
            ("ok  \texample.com/a\t(cached)\tcoverage: 80.0% of statements", (1, 0, 0)),
            ("FAIL\texample.com/a\t0.012s", (0, 1, 0)),
            ("ok  \texample.com/a\t0.012s [no tests to run]", (0, 0, 0)),
            ("?   \texample.com/a\t[no test files]", (0, 0, 0)),
        ),
    ),
)
GO_TESTS, GO_PACKAGES = "go test", "go test, packages"
_GO_VERBOSE = re.compile(r'=== RUN\b|\{.*"Action":"run"')

# Every closing line holds one of these; to look for them costs a hundredth of trying each line of a long log.
HINTS = (
    *("pass", "Pass", "PASS", "fail", "FAIL", "Fail", "test", "Test", "TEST", "skip", "SKIP", "error", "example"),
    *("pending", "deselected", "cancelled", "todo", "OK", "ok", "runs,", '"Action"', "=== RUN"),
)
_MOST_LINES = 200_000
_WIDEST = 4_000


def counts_of(lines: Iterable[str]) -> TestCounts | None:
    """The tests that ran, over all closing lines; None where no runner closed its run.

    Colours are ignored. Of Go's packages those without a test's own lines count as one test each.
    """
    found: dict[str, _Sum] = {}
    verbose = False  # Go tells of each test, and not only of those that failed
    for line in map(plain, lines):
        verbose = verbose or _GO_VERBOSE.match(line) is not None
        for reader in _READERS:
            counted = reader.counts(line)
            if counted is not None:
                found.setdefault(reader.name, _Sum()).add(counted)
                break
    if verbose and GO_TESTS in found:
        found.pop(GO_PACKAGES, None)
    elif GO_PACKAGES in found:
        found.pop(GO_TESTS, None)
    if not found:
        return None
    passed, failed, skipped = (
        sum(column) for column in zip(*(each.done() for each in found.values()), strict=True)
    )
    return TestCounts(runner=" + ".join(sorted(found)), passed=passed, failed=failed, skipped=skipped)


def counts_in(log: bytes) -> TestCounts | None:
    """``counts_of`` a whole log, of the last lines only where there are very many that might count something."""
    starts: set[int] = set()
    for hint in HINTS:
        starts.update(itertools.islice(_lines_with(log, hint.encode()), _MOST_LINES))
    return counts_of(_line_at(log, start) for start in sorted(starts)[-_MOST_LINES:])


def _lines_with(log: bytes, text: bytes) -> Iterator[int]:
    """Where the lines begin that hold the text, the last one first."""
    at = log.rfind(text)
    while at >= 0:
        start = log.rfind(b"\n", 0, at) + 1
        yield start
        at = log.rfind(text, 0, start)


def _line_at(log: bytes, start: int) -> str:
    end = log.find(b"\n", start)
    end = len(log) if end < 0 else end
    return log[max(start, end - _WIDEST) : end].decode("utf-8", "replace")


class _Sum:
    """What the closing lines of one runner add up to."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, counts: Mapping[str, int]) -> None:
        self._counts.update(counts)

    def done(self) -> tuple[int, int, int]:
        """Passed, failed, skipped."""
        failed, skipped = self._counts["failed"], self._counts["skipped"]
        if "total" in self._counts:
            return max(self._counts["total"] - failed - skipped, 0), failed, skipped
        return self._counts["passed"], failed, skipped


class _Reader:
    """A runner with its expressions compiled."""

    def __init__(self, runner: Runner) -> None:
        self.name = runner.name
        self._words = runner.words
        self._closing, self._none, self._pairs = (
            tuple(re.compile(expression) for expression in expressions)
            for expressions in (runner.closing, runner.none, runner.pairs)
        )

    def counts(self, line: str) -> Counter[str] | None:
        """What a line counts, by kind; None where it is no line of this runner's."""
        for expression in self._closing:
            if match := expression.fullmatch(line):
                return self._read(match["counts"])
        return Counter() if any(expression.fullmatch(line) for expression in self._none) else None

    def _read(self, text: str) -> Counter[str]:
        found: Counter[str] = Counter()
        for match in (match for pair in self._pairs for match in pair.finditer(text)):
            if kind := self._words.get(match["word"].strip()):
                found[kind] += int(match.groupdict().get("number") or 1)
        return found


_READERS = tuple(_Reader(runner) for runner in RUNNERS)
