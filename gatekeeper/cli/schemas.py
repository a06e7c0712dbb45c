"""JSON Schemas of what this tool prints and reads, made from the classes that it is printed from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from gatekeeper.audit.baseline import BaselineFile
from gatekeeper.model.finding import Status
from gatekeeper.model.ledger import LedgerReport, LedgerStatus
from gatekeeper.model.manifest_report import ManifestReport
from gatekeeper.model.rules import Rule
from gatekeeper.model.runner import RunnerResult
from gatekeeper.model.settings import Settings
from gatekeeper.model.sha import FileShas
from gatekeeper.model.status import Moment, PacketStatus
from gatekeeper.model.value import Value
from gatekeeper.model.verdict import Verdict
from gatekeeper.runs.approving import Approved
from gatekeeper.runs.create import Created
from gatekeeper.runs.doctor import InForce, Item
from gatekeeper.runs.new_migration import NewMigration
from gatekeeper.runs.signing import SignatureCheck, Signed
from gatekeeper.runs.standing import Standing
from gatekeeper.runs.steps import Steps

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Shas(BaseModel):
    files: tuple[FileShas, ...]


class _Rules(BaseModel):
    rules: tuple[Rule, ...]


class _Overview(BaseModel):
    packets: tuple[PacketStatus, ...]


class _OfPacket(BaseModel):
    packet: PacketStatus
    signature: Standing | None
    timeline: tuple[Moment, ...]


class _EventRow(BaseModel):
    seq: int
    kind: str
    wp_id: str | None
    actor: str
    at: str
    tool_version: str
    packet_digest: str | None
    previous_digest: str
    digest: str


class _LoggedEvent(_EventRow):
    payload: dict[str, object]


class _ExportedEvent(_EventRow):
    payload: str


class _Log(BaseModel):
    events: tuple[_LoggedEvent, ...]


class _Diagnosis(BaseModel):
    status: Status
    exit_code: int
    tool_version: str
    checks: tuple[Item, ...]
    settings: tuple[InForce, ...]


class _WrittenFile(BaseModel):
    path: str
    action: str
    reason: str


class _Adoption(BaseModel):
    dry_run: bool
    configuration: str | None
    files: tuple[_WrittenFile, ...]
    languages: tuple[str, ...]
    notes: tuple[str, ...]
    main: str
    branch: str | None


class _Status(LedgerStatus):
    command: Literal["status"]


@dataclass(frozen=True, slots=True)
class Described:
    """A JSON with a schema: a title, the class that it is made from, and the value of its field ``schema``.

    ``id`` is None where it has no such field. ``gate`` is the gate of a verdict that has fields of its own, named
    by ``required``. ``mode`` is "validation" for what this tool reads instead of printing it.
    """

    title: str
    holds: Any
    id: str | None = None
    gate: str | None = None
    required: tuple[str, ...] = ()
    mode: JsonSchemaMode = "serialization"


_VERDICT = "gatekeeper/verdict/v1"
SCHEMAS: Mapping[str, Described] = {
    "verdict": Described(
        "A gate's verdict: pre-work, post-work, check, audit, migrations lint, prove", Verdict, _VERDICT
    ),
    "review": Described("The verdict of gate review", Verdict, _VERDICT, "review", ("review",)),
    "evidence": Described("The verdict of gate evidence", Verdict, _VERDICT, "evidence", ("evidence",)),
    "evidence-plan": Described("gate evidence --list", Steps, "gatekeeper/evidence-plan/v1"),
    "verify": Described("The verdict of gate verify", Verdict, _VERDICT, "verify", ("state",)),
    "manifest": Described("gate manifest", ManifestReport, "gatekeeper/manifest/v1"),
    "sha": Described("gate sha", _Shas, "gatekeeper/sha/v1"),
    "status": Described("gate status", _Overview, "gatekeeper/status/v1"),
    "status-packet": Described("gate status WP-ID", _OfPacket, "gatekeeper/status-packet/v1"),
    "status-log": Described("gate status --log", _Log, "gatekeeper/status-log/v1"),
    "new": Described("gate new", Created, "gatekeeper/new/v1"),
    "sign": Described("gate sign", Signed, "gatekeeper/sign/v1"),
    "signature-check": Described("gate sign --verify", SignatureCheck, "gatekeeper/signature-check/v1"),
    "approve": Described("gate approve", Approved, "gatekeeper/approve/v1"),
    "ledger-status": Described("gate ledger status", _Status, "gatekeeper/ledger/v1"),
    "ledger-report": Described("gate ledger verify, import", LedgerReport, "gatekeeper/ledger/v1"),
    "ledger-event": Described("A line of gate ledger export", _ExportedEvent),
    "migrations-run": Described(
        "gate migrations apply, undo, status", RunnerResult, "gatekeeper/migrations-run/v1"
    ),
    "migrations-new": Described("gate migrations new", NewMigration, "gatekeeper/migrations-new/v1"),
    "init": Described("gate init", _Adoption, "gatekeeper/init/v1"),
    "doctor": Described("gate doctor", _Diagnosis, "gatekeeper/doctor/v1"),
    "rules": Described("gate explain", _Rules, "gatekeeper/rules/v1"),
    "baseline": Described("A baseline of gate audit", BaselineFile, "gatekeeper/baseline/v1"),
    "config": Described("gatekeeper.toml, as JSON", Settings, mode="validation"),
}
"""What has a schema, by its name."""


class _Generator(GenerateJsonSchema):
    """Describes what is printed: every field is there but those that its class says may be absent."""

    def ser_schema(self, schema: Any) -> JsonSchemaValue | None:
        """Nothing for a serializer around a model, which only leaves fields out and renames ``schema_``."""
        return None if schema["type"] == "function-wrap" else super().ser_schema(schema)

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Whether the field is always there."""
        return self.mode == "serialization" or super().field_is_required(field, total)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the overridden method's argument
        """Never: a title that repeats the name tells nothing."""
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """The model's schema, as it is printed."""
        return _as_printed(schema["cls"], super().model_schema(schema))

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        """The schema of a value without a model, as it is printed."""
        found = super().dataclass_schema(schema)
        return _as_printed(schema["cls"], found) if issubclass(schema["cls"], Value) else found


def _as_printed(kind: type, found: JsonSchemaValue) -> JsonSchemaValue:
    """The schema; what JSON may leave out isn't required, and ``schema_`` is called ``schema`` and comes first."""
    absent: frozenset[str] = getattr(kind, "absent", frozenset())
    untold: frozenset[str] = getattr(kind, "untold", frozenset())
    properties = {name: each for name, each in found.get("properties", {}).items() if name not in untold}
    required = [name for name in found.get("required", ()) if name not in absent | untold]
    if "schema_" in properties:
        properties = {"schema": {"const": properties.pop("schema_")["default"]}, **properties}
        required = ["schema", *(name for name in required if name != "schema_")]
    return {
        **{key: value for key, value in found.items() if key not in {"title", "required"}},
        "properties": properties,
        **({"required": required} if required else {}),
    }


def schema_of(name: str, *, closed: bool = False) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of that name. Raises KeyError.

    Of what is printed fields may be added one day, so unknown ones are allowed unless it is ``closed``.
    """
    described = SCHEMAS[name]
    body = _adapter(described.holds).json_schema(mode=described.mode, schema_generator=_Generator)
    if described.mode == "serialization":
        body = _with_closing(body, closed=closed)
    body = _resolved(body)
    for key in ("title", "description", "type"):
        body.pop(key, None)
    properties = dict(body.pop("properties"))
    required = [*body.pop("required", []), *described.required]
    if described.gate is not None:
        properties["gate"] = {"const": described.gate}
    if described.id is not None:
        properties = {"schema": {"const": described.id}, **properties}
        required = ["schema", *(each for each in required if each != "schema")]
    head = {"$schema": DIALECT, "title": described.title, "type": "object"}
    return {**head, "properties": properties, "required": required, **body}


def _adapter(holds: Any) -> TypeAdapter[Any]:
    # The types that a verdict names without loading them: pydantic looks for names where an adapter is made.
    from gatekeeper.model.evidence import EvidenceSummary  # noqa: F401
    from gatekeeper.model.proof import Proof  # noqa: F401
    from gatekeeper.model.review import ReviewSummary  # noqa: F401
    from gatekeeper.model.summary import ChangeSetSummary, ManifestRow, WaiverUse  # noqa: F401

    return TypeAdapter(holds)


def _resolved(body: dict[str, Any]) -> dict[str, Any]:
    """The schema with its own definition in place of the reference that stands for a class that holds itself."""
    if "$ref" not in body:
        return body
    definitions = body["$defs"]
    return {**definitions[body["$ref"].rsplit("/", 1)[1]], "$defs": definitions}


def _with_closing(node: Any, *, closed: bool) -> Any:
    """The schema, every object with named fields open to others, or closed to them."""
    if isinstance(node, list):
        return [_with_closing(each, closed=closed) for each in node]
    if not isinstance(node, dict):
        return node
    made = {key: _with_closing(value, closed=closed) for key, value in node.items()}
    if made.get("type") == "object" and isinstance(made.get("properties"), dict):
        made.pop("additionalProperties", None)
        if closed:
            made["additionalProperties"] = False
    return made
