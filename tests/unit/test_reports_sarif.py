"""A verdict as SARIF: valid by the format's own schema, places, levels, suppressions, what could not run."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from verdicts import finding, scope, verdict

from gatekeeper.model.finding import CheckResult, Finding, Severity, Status
from gatekeeper.model.verdict import Verdict
from gatekeeper.reports.sarif import render_sarif, uri_of

SCHEMA = Path(__file__).resolve().parents[1] / "data" / "schemas" / "sarif-2.1.0-rtm.5.json"


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema.Draft4Validator(
        json.loads(SCHEMA.read_text()), format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER
    )


def run_of(judged: Verdict) -> dict[str, Any]:
    (run,) = json.loads(render_sarif(judged))["runs"]
    return dict(run)


def result_of(found: Finding) -> dict[str, Any]:
    (result,) = run_of(verdict(scope(found)))["results"]
    return dict(result)


def test_a_verdict_with_everything_is_valid_by_the_schema(validator: Any) -> None:
    packet = verdict(scope(finding(waiver="W-1", path="a b.txt")), wp_id="WP-1-A")
    whole = verdict(
        scope(
            finding(path='"\\377.txt"', line=3, engine="sqlite", hint="do so"),
            finding("\x1b\u2028", severity=Severity.NOTE, path="a:b/ä.txt", line=0),
            finding(rule="local.rule", severity=Severity.WARNING),
        ),
        CheckResult(id="migrations", title="Proof", status=Status.NOT_RUN, reason="no server"),
        CheckResult(id="audit", title="Audits", status=Status.NOT_APPLICABLE, reason="no source"),
        packets=(packet,),
    )
    for judged in (whole, verdict(), packet):
        body = json.loads(render_sarif(judged))
        assert [error.message for error in validator.iter_errors(body)] == []
        assert body["version"] == "2.1.0"
    body["runs"][0]["results"][0]["level"] = "fatal"
    assert list(validator.iter_errors(body))


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("src/a.txt", "src/a.txt"),
        ("a b#c?d%.txt", "a%20b%23c%3Fd%25.txt"),
        ("c:/x", "c%3A/x"),
        ("ä\u2028.txt", "%C3%A4%E2%80%A8.txt"),
        ('"a\\377b.txt"', "a%FFb.txt"),
        ('"quoted".txt', "%22quoted%22.txt"),
        ('"quoted"', "%22quoted%22"),
        ('"half', "%22half"),
    ],
)
def test_a_path_is_a_relative_uri_of_its_bytes(path: str, uri: str) -> None:
    assert uri_of(path) == uri
    (location,) = result_of(finding(path=path, line=3))["locations"]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": uri, "uriBaseId": "%SRCROOT%"}
    assert location["physicalLocation"]["region"] == {"startLine": 3}


def test_a_place_is_told_as_far_as_it_is_known() -> None:
    assert "region" not in result_of(finding(path="a.txt"))["locations"][0]["physicalLocation"]
    assert "locations" not in result_of(finding())


@pytest.mark.parametrize("severity", Severity)
def test_the_level_is_the_severity_and_the_message_ends_with_the_mend(severity: Severity) -> None:
    result = result_of(finding(severity=severity, hint="do so"))
    assert (result["level"], result["message"]["text"]) == (severity, "It is so.\nMend: do so")


def test_a_rule_stands_once_in_the_words_of_the_catalogue() -> None:
    found = (finding("One."), finding("Two."), finding(rule="waiver.unused", severity=Severity.WARNING))
    run = run_of(verdict(scope(*found, finding(rule="local.rule"))))
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["local.rule", "scope.window", "waiver.unused"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [f.rule for f in found] + [
        "local.rule"
    ]
    assert [rule.get("defaultConfiguration") for rule in rules] == [None, {"level": "error"}, {"level": "warning"}]
    assert all(rule["help"]["markdown"].count("```") == 4 for rule in rules[1:])


def test_a_waived_finding_is_suppressed_with_the_reason_of_its_waiver() -> None:
    assert result_of(finding(waiver="W-1"))["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "W-1: a reason (approved by maintainers)"}
    ]
    assert "suppressions" not in result_of(finding())


def test_a_fingerprint_stays_where_lines_move_and_tells_alike_findings_apart() -> None:
    def prints(*found: Finding) -> list[str]:
        return [r["partialFingerprints"]["gatekeeper/v1"] for r in run_of(verdict(scope(*found)))["results"]]

    here = [finding(f"a2.txt:{n} calls x at line {n}.", path="a2.txt", line=n) for n in (2, 7)]
    moved = [finding(f"a2.txt:{n} calls x at line {n}.", path="a2.txt", line=n) for n in (3, 22)]
    assert prints(*here) == prints(*moved)
    others = (finding("a2.txt:2 calls y at line 2.", path="a2.txt", line=2), finding(path="b.txt"), finding())
    assert len({*prints(*here), *prints(*others)}) == 5


def test_what_could_not_run_is_a_notification_and_no_result() -> None:
    run = run_of(verdict(scope(status=Status.NOT_RUN, reason="no server")))
    (invocation,) = run["invocations"]
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (3, False)
    assert [n["message"]["text"] for n in invocation["toolExecutionNotifications"]] == [
        "Scope could not run: no server"
    ]
    assert run["results"] == []


def test_a_finding_of_a_packet_names_it() -> None:
    packet = verdict(scope(finding("Its.")), wp_id="WP-1-A")
    results = run_of(verdict(scope(finding("Own.")), packets=(packet,)))["results"]
    assert [r["properties"] for r in results] == [{"check": "scope"}, {"check": "scope", "packet": "WP-1-A"}]
    assert run_of(packet)["automationDetails"]["id"] == "gate/post-work/WP-1-A"
