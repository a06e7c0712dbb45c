"""Hygiene apart from its rules' examples: documentation, ignore files as git reads them, what counts as near."""

import re
import subprocess
from pathlib import Path

import pytest
from audits import SHIPPED
from cases import Files, settings
from gitrepo import GitRepo

from gatekeeper.audit.litter import ignored
from gatekeeper.audit.rule import AuditRule, CodeMatcher, TextMatcher
from gatekeeper.audit.sources import Sources
from gatekeeper.audit.untested import subject_of
from gatekeeper.config import parse
from gatekeeper.gates.audit import run_audit

ROOT = Path(__file__).resolve().parents[2]
HYGIENE = [rule for rule in SHIPPED if rule.id.startswith("hygiene.")]
_EXTENSION = {"javascript": "js", "typescript": "ts", "python": "py", "rust": "rs"}


def test_every_rule_stands_in_the_documentation_with_its_severities() -> None:
    rows: dict[str, set[str]] = {}
    last = ""
    for name, severity in re.findall(r"^\| (?:`(hygiene[.\w-]+)`)? ?\| (\w+) \|", _page(), re.MULTILINE):
        last = name or last
        rows.setdefault(last, set()).add(severity)
    assert rows == {rule.id: {m.severity or rule.severity for m in rule.matcher} for rule in HYGIENE}


def _page() -> str:
    return (ROOT / "docs" / "hygiene.md").read_text()


@pytest.mark.parametrize("rule", HYGIENE, ids=lambda rule: rule.id)
def test_each_language_has_what_is_found_and_what_is_left(rule: AuditRule) -> None:
    for matcher in rule.matcher:
        languages = matcher.languages if isinstance(matcher, CodeMatcher | TextMatcher) else ()
        for language in languages:
            ending = f".{_EXTENSION.get(language, language)}"
            found = [f for example in matcher.examples for f in example.found if ending in f]
            left = [
                f for example in matcher.examples if not example.found for f in example.files if f.endswith(ending)
            ]
            assert found, language
            assert left, language


IGNORE = (
    *(
        "# a comment",
        "target/",
        "/only-root",
        "*.log",
        "!keep.log",
        "docs/*.pdf",
        "**/deep/file",
        "a/**/z",
        "\\#hash",
    ),
    *("\\#hash", "trailing  ", "build", "!build/", "cache/*", "!cache/kept", "[ab].txt", ""),
)
PATHS = [
    *("target/x", "sub/target/x/y", "target", "only-root", "sub/only-root", "a.log", "sub/keep.log", "docs/a.pdf"),
    *(
        "docs/sub/a.pdf",
        "x/docs/a.pdf",
        "deep/file",
        "x/deep/file",
        "a/z",
        "a/b/c/z",
        "b/a/z",
        "#hash",
        "trailing",
    ),
    *(
        "build/x",
        "sub/build",
        "cache/one",
        "cache/kept",
        "a.txt",
        "sub/b.txt",
        "c.txt",
        "nested/own",
        "nested/target/x",
    ),
]


def test_a_path_is_ignored_where_git_ignores_it(tmp_path: Path) -> None:
    files = {".gitignore": "\n".join(IGNORE), "nested/.gitignore": "own\n!target/\n"}
    repo = GitRepo.init(tmp_path / "r")
    repo.write(files)
    answer = subprocess.run(
        ["git", "-c", "core.excludesFile=", "check-ignore", "--no-index", "--stdin"],
        cwd=repo.path,
        input="\n".join(PATHS).encode(),
        capture_output=True,
        check=False,
    )
    wanted = set(answer.stdout.decode().split())
    sources = Sources(Files(files), settings())
    assert wanted
    assert {path for path in PATHS if ignored(path, sources)} == wanted


@pytest.mark.parametrize(
    ("path", "subject"),
    [
        ("src/names.rs", "names"),
        ("src/names/mod.rs", "names"),
        ("src/app/__init__.py", "app"),
        ("src/lib.rs", None),
        ("index.ts", None),
        ("names.py", "names"),
    ],
)
def test_a_file_is_known_by_its_name_or_its_folders(path: str, subject: str | None) -> None:
    assert subject_of(path) == subject


def test_the_project_audits_itself_clean() -> None:
    parts = ("gatekeeper", "migrations", "templates", "tests", "docs", "packets", "benchmarks")
    files = [path for part in parts for path in (ROOT / part).rglob("*") if path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file() and not path.is_symlink()]
    tracked = {p.relative_to(ROOT).as_posix(): p.read_bytes() for p in files if "__pycache__" not in p.parts}
    configured = parse((ROOT / "gatekeeper.toml").read_bytes(), "gatekeeper.toml")
    assert configured is not None
    outcome = run_audit(Sources(Files(tracked), configured))
    assert "hygiene.unwrap" in outcome.rules
    assert outcome.findings == ()
