"""A verdict as JUnit XML, as build servers read it: a test suite for each verdict, a test case for each check."""

from xml.etree import ElementTree as ET

from gatekeeper.model.finding import CheckResult, Finding, Severity, Status
from gatekeeper.model.verdict import Verdict
from gatekeeper.reports.plain import printable
from gatekeeper.reports.text import closing


def render_junit(verdict: Verdict) -> str:
    """The verdict as ASCII XML: a failed check is a failure that lists its errors.

    One that could not run is an error, so that nothing shows it as passed; one that doesn't apply is skipped with
    its reason. What fails nothing stands in ``system-out``.
    """
    root = ET.Element("testsuites", name=f"gate {verdict.gate}", time=_seconds(verdict.duration_ms))
    for one in (verdict, *(verdict.packets or ())):
        root.append(_suite(one))
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ET.indent(root, " ")
    data: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=True)
    return data.decode("ascii") + "\n"


def _suite(verdict: Verdict) -> ET.Element:
    name = f"gate {verdict.gate}" + (f" {verdict.wp_id}" if verdict.wp_id else "")
    suite = ET.Element("testsuite", name=_text(name))
    properties = ET.SubElement(suite, "properties")
    for key, value in _properties(verdict).items():
        ET.SubElement(properties, "property", name=key, value=_text(value))
    cases = [_case(name, check) for check in verdict.checks]
    suite.extend(cases)
    suite.set("tests", str(len(cases)))
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(attribute, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("time", _seconds(verdict.duration_ms))
    suite.set("timestamp", verdict.started_at.partition(".")[0].removesuffix("Z"))
    ET.SubElement(suite, "system-out").text = _text("".join(closing(verdict)))
    return suite


def _properties(verdict: Verdict) -> dict[str, str]:
    change = {"change_digest": verdict.change_set.digest} if verdict.change_set else {}
    packet = {"packet": verdict.packet} if verdict.packet else {}
    status = {"status": str(verdict.status), "exit_code": str(verdict.exit_code)}
    return {**status, "tool_version": verdict.tool_version, **packet, **change}


def _case(suite: str, check: CheckResult) -> ET.Element:
    case = ET.Element("testcase", name=check.title, classname=_text(f"{suite}.{check.id}".replace(" ", ".")))
    case.set("time", _seconds(check.duration_ms))
    failing = [f for f in check.findings if f.severity is Severity.ERROR and f.waiver is None]
    others = [f for f in check.findings if f not in failing]
    reason = check.reason or ""
    if check.status is Status.FAIL:
        rules = ", ".join(sorted({finding.rule for finding in failing}))
        _told(case, "failure", reason or rules, rules, failing)
    elif check.status is Status.NOT_RUN:
        _told(case, "error", f"could not run: {reason or 'no reason given'}", str(check.status), failing)
    elif check.status is Status.NOT_APPLICABLE:
        ET.SubElement(case, "skipped", message=_text(reason))
    elif reason:
        ET.SubElement(case, "system-out").text = _text(reason)
    if others:
        out = case.find("system-out")
        out = ET.SubElement(case, "system-out") if out is None else out
        out.text = "\n".join(filter(None, (out.text, *map(_lines, others))))
    return case


def _told(case: ET.Element, tag: str, message: str, kind: str, findings: list[Finding]) -> None:
    element = ET.SubElement(case, tag, message=_text(message), type=_text(kind))
    element.text = "\n".join(map(_lines, findings))


def _lines(finding: Finding) -> str:
    """A finding as text: severity, rule and place, its sentence, and the mend."""
    place = f" {finding.path}{f':{finding.line}' if finding.line else ''}" if finding.path else ""
    engine = f" [{finding.engine}]" if finding.engine else ""
    waiver = f" (waived by {finding.waiver})" if finding.waiver else ""
    told = [f"{finding.severity} {finding.rule}{engine}{place}{waiver}", f"  {finding.message}"]
    if finding.hint and finding.severity is not Severity.NOTE:
        told.append(f"  mend: {finding.hint}")
    return "\n".join(map(_text, told))


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"


def _text(text: str) -> str:
    """The text without what XML 1.0 can't hold: controls, lone surrogates and noncharacters are escapes."""
    return printable(text)
