"""``sign``: a refinement that is ready gets its one-time token; ``verify_signature``: does it still stand?"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gatekeeper.changes.commit import allowed_signers
from gatekeeper.changes.repository import Repository
from gatekeeper.gates.case import Case
from gatekeeper.ledger import Ledger, open_ledger
from gatekeeper.model.errors import NotRunError, RefusedError, UsageError
from gatekeeper.model.ledger import Event, NewEvent
from gatekeeper.packet.blocks import one_line
from gatekeeper.packet.parse import parse_refinement
from gatekeeper.packet.signed import (
    BY_GATE,
    SIGNING,
    part_digests,
    signed_packet,
    signed_refinement,
    statement,
)
from gatekeeper.packet.values import is_placeholder
from gatekeeper.runs.actor import actor_of
from gatekeeper.runs.load import require_wp_id, settings_from_disk
from gatekeeper.runs.plan import pre_work_case, require_sound, told, with_texts, work_tree
from gatekeeper.runs.ssh import ssh_sign, ssh_verify
from gatekeeper.runs.standing import Standing, as_on_disk, standing_of, statement_path, work_tree_texts
from gatekeeper.runs.together import Together
from gatekeeper.runs.tokens import free_tokens, is_recorded


@dataclass(frozen=True, slots=True)
class Signed:
    """What was signed: the token, by whom, and the files that hold it, relative to the repository.

    ``statement`` is what an SSH key signed (its signature lies beside it, with ``.sig``), None without a key;
    ``principal`` is who the allowed-signers file says that was, None where there is no such file. ``warnings`` are
    sentences; ``seq`` is the event's place in the ledger.
    """

    wp_id: str
    token: str
    actor: str
    packet: str
    refinement: str
    statement: str | None
    principal: str | None
    warnings: tuple[str, ...]
    seq: int


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """Whether a signature stands: ``changed`` are the signed parts that changed since, ``problems`` sentences.

    ``known`` is where the signed content was found: ``statement``, ``ledger``, ``git`` or None. ``principal`` is
    who signed with an SSH key, None where none did.
    """

    wp_id: str
    token: str
    signer: str | None
    known: str | None
    changed: tuple[str, ...]
    principal: str | None
    problems: tuple[str, ...]


class _Taken(Exception):  # noqa: N818 - it names what happened
    """Somebody signed with this token meanwhile."""


@dataclass(frozen=True, slots=True)
class _Start:
    """What a signature begins with; ``earlier`` is the packet's last signature that the ledger knows."""

    repository: Repository
    root: Path
    case: Case
    ledger: Ledger
    actor: str
    packet: bytes
    refinement: bytes
    earlier: Event | None


def sign(
    repo: Path,
    wp_id: str,
    *,
    config: Path | None = None,
    actor: str | None = None,
    again: bool = False,
    ssh_key: Path | None = None,
    signers: Path | None = None,
) -> Signed:
    """Sign the refinement in the work tree: both files get the token, or neither.

    Raises RefusedError where pre-work (the checkpoint aside) would still find an error, or where it is signed
    already and ``again`` isn't asked for; UsageError, ConfigError, RepositoryError, LedgerError. Then nothing was
    written.
    """
    require_wp_id(wp_id)
    with Repository.open(repo) as repository:
        root = work_tree(repository)
        settings = settings_from_disk(repository, config).settings
        if settings.packets.refinement == "off":
            raise UsageError(
                '[packets] refinement is "off", so there is nothing to sign.', hint=f"gate approve {wp_id}"
            )
        case = pre_work_case(repository, wp_id, settings)
        if case.packet is None or case.refinement is None or len(case.packet_ids.get(wp_id, ())) > 1:
            require_sound(case, "be signed", committed=False)
        case, (packet, refinement) = as_on_disk(root, case)
        with open_ledger(settings.ledger, repository.common_dir) as ledger:
            who, earlier = actor_of(repository, actor), _last_signature(ledger, wp_id)
            start = _Start(repository, root, case, ledger, who, packet, refinement or b"", earlier)
            _require_due(start, again=again, with_key=ssh_key is not None)
            return _signed(start, ssh_key, _signers(repository, signers) if ssh_key else None)


def verify_signature(
    repo: Path, wp_id: str, *, config: Path | None = None, signers: Path | None = None
) -> SignatureCheck:
    """Does the signature in the work tree stand for what stands there now?

    Raises RefusedError where there is none, NotRunError where an SSH signature can't be verified for want of an
    allowed-signers file, UsageError, ConfigError, RepositoryError, LedgerError.
    """
    require_wp_id(wp_id)
    with Repository.open(repo) as repository:
        root = work_tree(repository)
        settings = settings_from_disk(repository, config).settings
        case = pre_work_case(repository, wp_id, settings)
        with open_ledger(settings.ledger, repository.common_dir) as ledger:
            standing = standing_of(repository, case, ledger)
        if standing is None:
            raise RefusedError(f"{wp_id} isn't signed.", hint=f"gate sign {wp_id}")
        problems = [_changed(standing)] if standing.changed else []
        if standing.known is None:
            problems.append("Neither the ledger nor git tells what was signed, so nothing can be compared.")
        principal = None
        if standing.known == "statement":
            principal, problem = _verified(repository, root, case, standing, signers)
            problems += [problem] if problem else []
        problems += [f"The same token stands in {path}." for path in standing.elsewhere]
    return SignatureCheck(
        wp_id, standing.token, standing.signer, standing.known, standing.changed, principal, tuple(problems)
    )


def _verified(
    repository: Repository, root: Path, case: Case, standing: Standing, signers: Path | None
) -> tuple[str | None, str | None]:
    """Who signed by SSH, or the sentence that says why that doesn't hold."""
    allowed = _signers(repository, signers)
    if allowed is None:
        raise NotRunError(
            f"The SSH signature of {case.wp_id} can't be verified: no allowed-signers file is named.",
            hint="--allowed-signers FILE, or git config gpg.ssh.allowedSignersFile FILE",
        )
    path = statement_path(case.wp_id, case.settings.packets)
    said = (root / path).read_bytes()
    if f"\ntoken {standing.token}\n".encode() not in said or f"\npacket {case.wp_id}\n".encode() not in said:
        return None, f"{path} is the statement of another signature than {standing.token}."
    try:
        return ssh_verify(said, (root / f"{path}.sig").read_bytes(), allowed), None
    except FileNotFoundError:
        return None, f"{path}.sig is gone, so {path} is signed by nobody."
    except RefusedError as error:
        return None, error.message


def _signers(repository: Repository, given: Path | None) -> Path | None:
    if given is not None:
        return given
    of_git = allowed_signers(repository)
    return Path(of_git) if of_git else None


def _changed(standing: Standing) -> str:
    return f"Since it was signed, {_parts(standing.changed)} changed."


def _parts(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _require_due(start: _Start, *, again: bool, with_key: bool) -> None:
    """Raise RefusedError for a second signature, unless it is asked for and there is something to sign."""
    standing = standing_of(start.repository, start.case, start.ledger)
    wp_id = start.case.wp_id
    if standing is None:
        if start.earlier is not None and not again:
            raise RefusedError(
                f"{wp_id} is signed already, {_with(start.earlier)}, but packet and refinement here don't hold "
                "that signature.",
                hint=f"merge the commit that holds it, or sign what stands here: gate sign {wp_id} --again",
            )
        return
    already = f"{wp_id} is signed already, with {standing.token}" + (
        f" by {standing.signer}" if standing.signer else ""
    )
    if not again:
        if standing.changed:
            raise RefusedError(
                f"{already}. {_changed(standing)}",
                hint=f"take the change back, or sign what stands there now: gate sign {wp_id} --again",
            )
        raise RefusedError(f"{already}.", hint=f"gate status {wp_id} shows what comes next")
    new_key = with_key and standing.known != "statement"
    if standing.known is not None and not (standing.changed or new_key or standing.elsewhere):
        raise RefusedError(f"{already}, and nothing changed since.", hint="leave it as it is")


def _signed(start: _Start, key: Path | None, allowed: Path | None) -> Signed:
    """Write and record the first signature whose token is free."""
    for token, at in free_tokens(start.repository, start.root, start.case, start.ledger, start.actor):
        made = _Made.of(start, token, at)
        warnings = [told(finding) for finding in require_sound(made.case, "be signed", committed=False)]
        warnings += _left_to_fill(made)
        files, principal = _with_key(start, made, key, allowed)
        if key is not None and allowed is None:
            warnings.append("The SSH signature was not verified, for no allowed-signers file is named.")
        with Together(start.root) as together:
            try:
                seq = _recorded(start, made, principal, _Writing(start, files, together))
            except _Taken:
                continue
            together.keep()
        return Signed(
            wp_id=start.case.wp_id,
            token=token,
            actor=start.actor,
            packet=start.case.packet_path,
            refinement=start.case.refinement_path,
            statement=statement_path(start.case.wp_id, start.case.settings.packets) if key else None,
            principal=principal,
            warnings=tuple(warnings),
            seq=seq,
        )
    raise RefusedError("No signature token is free for the next day.", hint="sign under another --actor")


@dataclass(frozen=True, slots=True)
class _Made:
    """A signed plan, not yet written: its files' bytes, and the digests of what is signed."""

    token: str
    case: Case
    packet: bytes
    refinement: bytes
    parts: dict[str, str]

    @classmethod
    def of(cls, start: _Start, token: str, at: dt.datetime) -> "_Made":
        case = start.case
        evidence = one_line(f"{BY_GATE}{start.actor}, {at.strftime('%Y-%m-%dT%H:%M:%SZ')}")
        packet = signed_packet(start.packet, case.packet_path, case.wp_id, token)
        refinement = signed_refinement(start.refinement, case.refinement_path, token, evidence)
        if packet is None or refinement is None:
            path = case.packet_path if packet is None else case.refinement_path
            raise RefusedError(
                f"{path} has no place for the signature.", hint=f"add a line '- USER_SIGNATURE:' to {path}"
            )
        signed = with_texts(case, packet, refinement)
        assert signed.packet is not None  # noqa: S101 - with_texts has parsed it
        return cls(token, signed, packet, refinement, part_digests(signed.packet, refinement))


def _with_key(
    start: _Start, made: _Made, key: Path | None, allowed: Path | None
) -> tuple[dict[str, bytes | None], str | None]:
    """The files to write (None: to remove), and who the SSH key belongs to."""
    case = start.case
    files: dict[str, bytes | None] = {case.refinement_path: made.refinement, case.packet_path: made.packet}
    path = statement_path(case.wp_id, case.settings.packets)
    if key is None:
        # What an earlier signature stated is no longer true.
        return {**files, **{old: None for old in (path, f"{path}.sig") if (start.root / old).is_file()}}, None
    said = statement(case.wp_id, made.token, start.actor, made.parts)
    signature = ssh_sign(said, key)
    principal = ssh_verify(said, signature, allowed) if allowed else None
    return {path: said, f"{path}.sig": signature, **files}, principal


class _Writing:
    """Writes the files once, unless somebody else changed or signed the plan since it was read."""

    def __init__(self, start: _Start, files: Mapping[str, bytes | None], together: Together) -> None:
        self._start = start
        self._files = files
        self._together = together
        self._written = False

    def __call__(self) -> None:
        """Called while no one else can append, again where an append is tried again. Raises RefusedError."""
        start = self._start
        last = _last_signature(start.ledger, start.case.wp_id)
        if last is not None and last != start.earlier:
            raise RefusedError(
                f"{start.case.wp_id} was signed meanwhile, {_with(last)}.",
                hint=f"gate status {start.case.wp_id} shows what comes next",
            )
        if self._written:
            return
        if work_tree_texts(start.root, start.case) != (start.packet, start.refinement):
            raise RefusedError(
                f"{start.case.packet_path} or {start.case.refinement_path} changed while it was being signed.",
                hint=f"look at the change, then run gate sign {start.case.wp_id} again",
            )
        self._written = True
        self._together.write(self._files)


def _last_signature(ledger: Ledger, wp_id: str) -> Event | None:
    return max(ledger.events(wp_id, "signed"), key=lambda event: event.seq, default=None)


def _with(event: Event) -> str:
    return f"with {event.data.get('token')} by {event.actor}"


def _recorded(start: _Start, made: _Made, principal: str | None, write: _Writing) -> int:
    """Write the files and append the event as one step, if the token is still free; its place in the chain.

    Raises _Taken where it isn't, and what ``write`` raises.
    """

    def taken_and_written() -> None:
        if is_recorded(start.ledger, made.token):
            raise _Taken
        write()

    event = NewEvent(
        "signed",
        start.case.wp_id,
        start.actor,
        hashlib.sha256(made.packet).hexdigest(),
        {
            "token": made.token,
            "parts": made.parts,
            "refinement": start.case.refinement_path,
            "refinement_digest": hashlib.sha256(made.refinement).hexdigest(),
            "principal": principal,
        },
    )
    return start.ledger.append(event, guard=taken_and_written).seq


def _left_to_fill(made: _Made) -> list[str]:
    """A warning for the refinement's values that are still placeholders; pre-work doesn't ask for them."""
    refinement = parse_refinement(made.case.refinement_path, made.refinement)
    lines = {
        line
        for field in refinement.fields
        if field.name not in SIGNING
        for line, text in [(field.line, field.value), *((item.line, item.text) for item in field.items)]
        if is_placeholder(text)
    }
    if not lines:
        return []
    return [f"{refinement.path} still holds placeholders, in line {', '.join(map(str, sorted(lines)))}."]
