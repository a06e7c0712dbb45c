"""A verdict as SARIF 2.1.0 (OASIS, https://docs.oasis-open.org/sarif/sarif/v2.1.0/), for code scanning."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from gatekeeper.model.finding import CheckResult, Finding, Severity, Status
from gatekeeper.model.names import encode, for_output, from_packet
from gatekeeper.model.rules import RULES, Rule
from gatekeeper.model.summary import WaiverUse
from gatekeeper.model.verdict import Verdict

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"
_FINGERPRINT = "gatekeeper/v1"
_WORD = re.compile(r"\w+")


def render_sarif(verdict: Verdict) -> str:
    """The verdict as one run: a result for each finding, a suppressed one where waived, in indented ASCII JSON.

    A check that could not run is a notification of the invocation, never a result.
    """
    judged = (verdict, *(verdict.packets or ()))
    found = [(one, check, finding) for one in judged for check in one.checks for finding in check.findings]
    rules = _rules(finding for _, _, finding in found)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    seen: Counter[str] = Counter()
    results = [_result(one, check, finding, index[finding.rule], seen) for one, check, finding in found]
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "gatekeeper", "version": verdict.tool_version, "rules": rules}},
        "automationDetails": {"id": f"gate/{verdict.gate}/{verdict.wp_id or ''}"},
        "invocations": [_invocation(verdict, judged)],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": results,
        "properties": _properties(verdict),
    }
    body = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(body, indent=1, ensure_ascii=True) + "\n"


def _rules(findings: Iterator[Finding]) -> list[dict[str, Any]]:
    """The rules that the findings name, in the catalogue's words; one that isn't there by its id alone."""
    catalogue = {rule.id: rule for rule in RULES}
    return [_rule(name, catalogue.get(name)) for name in sorted({finding.rule for finding in findings})]


def _rule(name: str, rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"id": name}
    return {
        "id": rule.id,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.what},
        "help": {
            "text": f"{rule.what} {rule.why} {rule.mend}",
            "markdown": f"{rule.what}\n\n**Why:** {rule.why}\n\n**Breaks it:**\n\n{_fenced(rule.bad)}\n\n"
            f"**Keeps it:**\n\n{_fenced(rule.good)}\n\n**Mend:** {rule.mend}\n",
        },
        "defaultConfiguration": {"level": _leading(rule.severity)},
    }


def _leading(severity: str) -> str:
    """The level that a rule's severity begins with: it may go on to say when it is another one."""
    word = _WORD.match(severity)
    return word[0] if word else str(Severity.WARNING)


def _fenced(example: str) -> str:
    return f"```text\n{example}\n```"


def _result(
    verdict: Verdict, check: CheckResult, finding: Finding, rule: int, seen: Counter[str]
) -> dict[str, Any]:
    mend = f"\nMend: {finding.hint}" if finding.hint else ""
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": str(finding.severity),
        "message": {"text": f"{finding.message}{mend}"},
        "partialFingerprints": {_FINGERPRINT: _fingerprint(finding, verdict.wp_id, seen)},
        "properties": {
            name: value
            for name, value in (("check", check.id), ("packet", verdict.wp_id), ("engine", finding.engine))
            if value is not None
        },
    }
    if finding.path:
        result["locations"] = [_location(finding.path, finding.line)]
    if finding.waiver is not None:
        result["suppressions"] = [_suppression(finding.waiver, verdict.waivers)]
    return result


def _location(path: str, line: int | None) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": uri_of(path), "uriBaseId": _ROOT}}
    if line is not None and line > 0:
        place["region"] = {"startLine": line}
    return {"physicalLocation": place}


def uri_of(path: str) -> str:
    """The path of a finding as a relative URI: its bytes, those that a URI doesn't hold percent-encoded."""
    return quote(_bytes(path), safe="/")


def _bytes(path: str) -> bytes:
    """The name's bytes; C-quoted is only a name that isn't UTF-8, any other stands for itself."""
    try:
        name = from_packet(path)
    except ValueError:
        return encode(path)
    return encode(path if for_output(name) == name else name)


def _suppression(waiver: str, waivers: tuple[WaiverUse, ...]) -> dict[str, Any]:
    told = next((f"{w.id}: {w.reason} (approved by {w.approver})" for w in waivers if w.id == waiver), waiver)
    return {"kind": "external", "status": "accepted", "justification": told}


def _fingerprint(finding: Finding, wp_id: str | None, seen: Counter[str]) -> str:
    """A name for the finding that stays where its lines move: without its line, alike ones numbered in order."""
    moving = rf"(?:(?<=:)|(?<=\bline )|(?<=\blines )|(?<=\bline\(s\) )){finding.line}\b"
    message = re.sub(moving, "", finding.message)
    parts = (finding.rule, finding.path or "", finding.engine or "", wp_id or "", message)
    name = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
    seen[name] += 1
    return f"{name}:{seen[name]}"


def _invocation(verdict: Verdict, judged: tuple[Verdict, ...]) -> dict[str, Any]:
    missed = [_notification(one, c) for one in judged for c in one.checks if c.status is Status.NOT_RUN]
    invocation: dict[str, Any] = {
        "executionSuccessful": not missed and verdict.status is not Status.NOT_RUN,
        "exitCode": verdict.exit_code,
        "exitCodeDescription": str(verdict.status),
        "startTimeUtc": verdict.started_at,
    }
    if missed:
        invocation["toolExecutionNotifications"] = missed
    return invocation


def _notification(verdict: Verdict, check: CheckResult) -> dict[str, Any]:
    packet = f"{verdict.wp_id}: " if verdict.wp_id else ""
    text = f"{packet}{check.title} could not run: {check.reason or 'no reason given'}"
    return {"level": "error", "descriptor": {"id": check.id}, "message": {"text": text}}


def _properties(verdict: Verdict) -> Mapping[str, Any]:
    change = {"changeDigest": verdict.change_set.digest} if verdict.change_set else {}
    return {"gate": verdict.gate, "status": str(verdict.status), **change}
