"""The rule catalogue against the code: no rule without an explanation, no error without a mend."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatekeeper.model.rules import RULES, Rule, nearest_rule, rules_under
from gatekeeper.reports.rules import render_page

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "gatekeeper" / "model" / "rules"
_FAMILIES = sorted({rule.id.partition(".")[0] for rule in RULES if "." in rule.id})
_ID = re.compile(rf"(?:{'|'.join(_FAMILIES)})\.[a-z][a-z0-9-]*|CX-DBP-VAL-\d{{3}}")
_FILES = re.compile(r".*\.(?:md|sql|toml|py|txt|j2)")
_WANT_A_HINT = {"UsageError", "ConfigError", "NotRunError"}


def sources() -> list[tuple[Path, ast.Module]]:
    files = (path for path in sorted((ROOT / "gatekeeper").rglob("*.py")) if CATALOGUE not in path.parents)
    return [(path.relative_to(ROOT), ast.parse(path.read_text())) for path in files]


def texts(tree: ast.AST) -> Iterator[str]:
    """Every string constant, and each f-string with * for what it fills in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def calls(tree: ast.AST, names: set[str]) -> Iterator[tuple[ast.Call, dict[str | None, ast.expr]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node, {keyword.arg: keyword.value for keyword in node.keywords}


def used() -> set[str]:
    """The ids that the code holds; an f-string stands for every rule that it can become."""
    found: set[str] = set()
    for _, tree in sources():
        for text in texts(tree):
            if _FILES.fullmatch(text):
                continue
            if "*" in text and re.fullmatch(r"[a-z]+\.[a-z*.-]+", text):
                pattern = re.escape(text).replace(r"\*", "[a-z-]+")
                found |= {rule.id for rule in RULES if re.fullmatch(pattern, rule.id)} or {text}
            elif _ID.fullmatch(text):
                found.add(text)
    found |= {tomllib.loads(path.read_text())["id"] for path in (ROOT / "gatekeeper").rglob("*.toml")}
    return found


def test_every_rule_that_the_code_names_is_explained() -> None:
    assert used() - {rule.id for rule in RULES} == set()


def test_every_rule_that_is_explained_is_named_by_the_code() -> None:
    assert {rule.id for rule in RULES} - used() == set()


def test_an_id_stands_once() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_everything(rule: Rule) -> None:
    texts = [*rule.model_dump(exclude={"cases"}).values()]
    assert all(text.strip() for text in (*texts, *(t for case in rule.cases for t in case.model_dump().values())))
    assert re.match(r"(?:error|warning|note)\b", rule.severity)
    for sentence in (rule.what, rule.why, rule.mend):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    assert rule.bad != rule.good
    assert not rule.title.endswith(".")


def test_every_error_has_a_hint() -> None:
    without = []
    for path, tree in sources():
        for call, keywords in calls(tree, {"Finding"}):
            hint = keywords.get("hint")
            harmless = ast.unparse(keywords.get("severity", ast.Constant(None))) == "Severity.NOTE"
            empty = isinstance(hint, ast.Constant) and not hint.value
            if (hint is None or empty) and not harmless and None not in keywords:
                without.append(f"{path}:{call.lineno}")
    assert without == []


def test_every_refusal_of_a_call_has_a_hint() -> None:
    raised = [(path, call, keywords) for path, tree in sources() for call, keywords in calls(tree, _WANT_A_HINT)]
    assert raised
    assert [f"{path}:{call.lineno}" for path, call, keywords in raised if "hint" not in keywords] == []


def test_the_documentation_shows_the_same_words() -> None:
    assert (ROOT / "docs" / "rules.md").read_text() == render_page(RULES), (
        "write it anew: gate explain --markdown --output docs/rules.md"
    )


def test_a_prefix_names_its_rules_and_an_id_itself() -> None:
    assert [rule.id for rule in rules_under("Scope.Window")] == ["scope.window"]
    for prefix in ("waiver", "waiver.", "waiver.*"):
        assert [rule.id for rule in rules_under(prefix)] == [
            "waiver.malformed",
            "waiver.expired",
            "waiver.unused",
            "waiver.unrecorded",
            "waiver.blanket",
        ]
    assert {rule.id[:10] for rule in rules_under("CX-DBP-VAL")} == {"CX-DBP-VAL"}
    assert [rule.id for rule in rules_under("lint.squawk.any-rule")] == ["lint.squawk.*"]
    assert rules_under("scope.win") == ()
    assert rules_under("") == rules_under("*") == ()


@pytest.mark.parametrize(
    ("text", "nearest"), [("scope.windows", "scope.window"), ("manifest-mising", "manifest.missing"), ("", "")]
)
def test_an_unknown_rule_has_a_nearest_one(text: str, nearest: str) -> None:
    assert nearest_rule(text) == nearest if nearest else nearest_rule(text) in {rule.id for rule in RULES}
