"""What runners say when they close, counted."""

import pytest

from gatekeeper.evidence.output import plain, tail_of
from gatekeeper.evidence.runners import HINTS, RUNNERS, counts_in, counts_of

_EXAMPLES = [
    pytest.param(runner.name, line, counts, id=f"{runner.name}: {line.strip()[:40]}")
    for runner in RUNNERS
    for line, counts in runner.examples
]


@pytest.mark.parametrize(("name", "line", "counts"), _EXAMPLES)
def test_each_closing_line_of_the_catalogue_counts_what_it_says(
    name: str, line: str, counts: tuple[int, int, int]
) -> None:
    found = counts_in(f"before\n{line}\nafter\n".encode())

    assert found is not None
    assert (found.runner, found.passed, found.failed, found.skipped) == (name, *counts)
    assert any(hint in line for hint in HINTS)


@pytest.mark.parametrize(
    "text",
    [
        "5 apples in 3s",
        "all tests passed",
        "test result: probably ok",
        "error: could not compile `x` (bin) due to 2 previous errors",
        "=== 12 files passed the linter ===",
        "running 0 tests",
        "",
    ],
)
def test_prose_about_tests_counts_nothing(text: str) -> None:
    assert counts_of([text]) is None


def test_binaries_of_cargo_and_several_runners_are_summed() -> None:
    log = b"""
running 3 tests
test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
   Doc-tests thing
test result: ok. 0 passed; 0 failed; 4 ignored; 0 measured; 0 filtered out; finished in 0.00s
========= 5 passed, 1 skipped in 0.52s =========
"""
    found = counts_in(log)

    assert found is not None
    assert (found.runner, found.passed, found.failed, found.skipped) == ("cargo test + pytest", 7, 1, 5)
    assert found.run == 8


def test_go_counts_tests_where_it_names_them_and_packages_where_it_does_not() -> None:
    verbose = ["=== RUN   TestA", "--- PASS: TestA (0.00s)", "--- PASS: TestB (0.00s)", "ok  \tx/a\t0.01s"]
    terse = ["--- FAIL: TestA (0.00s)", "FAIL\tx/a\t0.01s", "ok  \tx/b\t0.01s", "?   \tx/c\t[no test files]"]

    told = [counts_of(verbose), counts_of(terse)]

    assert [(t.runner, t.passed, t.failed) for t in told if t] == [
        ("go test", 2, 0),
        ("go test, packages", 1, 1),
    ]


def test_the_lines_of_unittest_belong_together() -> None:
    found = counts_of(["Ran 9 tests in 0.1s", "", "FAILED (failures=1, errors=2, skipped=3)"])

    assert found is not None
    assert (found.passed, found.failed, found.skipped) == (3, 3, 3)


def test_colours_and_carriage_returns_hide_no_closing_line() -> None:
    colored = "10%\r\x1b[32m\x1b[1m== 3 passed\x1b[0m, \x1b[33m1 skipped\x1b[0m in 0.1s ==\x1b[0m\r"

    found = counts_of([colored])

    assert found is not None
    assert (found.passed, found.skipped) == (3, 1)
    assert plain("\x1b]0;title\x07text  ") == "text"


def test_a_tail_shows_no_password_of_a_url() -> None:
    assert tail_of(b"connect postgres://app:s3cret@db:5432/x failed\n") == (
        "connect postgres://app:***@db:5432/x failed",
    )


def test_a_tail_is_the_last_ten_lines_with_text_cut_to_a_width() -> None:
    log = "".join(f"line {n}\n\n" for n in range(30)) + "w" * 300 + "\n"

    tail = tail_of(log.encode())

    assert len(tail) == 10
    assert tail[0] == "line 21"
    assert tail[-1] == "w" * 197 + "..."
