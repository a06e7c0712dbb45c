"""``sign``: a refinement that is ready gets its one-time token; ``verify_signature``: does it still stand?"""

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gatekeeper import clock
from gatekeeper.changes.commit import allowed_signers
from gatekeeper.changes.log import Person, words_in_history
from gatekeeper.changes.repository import Repository
from gatekeeper.gates.case import Case
from gatekeeper.ledger import Ledger, open_ledger
from gatekeeper.model.errors import NotRunError, RefusedError, UsageError
from gatekeeper.model.ledger import NewEvent
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
from gatekeeper.runs.standing import Standing, standing_of, statement_path, work_tree_texts
from gatekeeper.runs.together import Together


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
    """What a signature begins with."""

    repository: Repository
    root: Path
    case: Case
    ledger: Ledger
    actor: str
    packet: bytes
    refinement: bytes


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
        packet, refinement = work_tree_texts(root, case)
        with open_ledger(settings.ledger, repository.common_dir) as ledger:
            start = _Start(repository, root, case, ledger, actor_of(repository, actor), packet, refinement or b"")
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
    if standing is None:
        return
    wp_id = start.case.wp_id
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
    for token, at in _free_tokens(start):
        made = _Made.of(start, token, at)
        warnings = [told(finding) for finding in require_sound(made.case, "be signed", committed=False)]
        warnings += _left_to_fill(made)
        files, principal = _with_key(start, made, key, allowed)
        if key is not None and allowed is None:
            warnings.append("The SSH signature was not verified, for no allowed-signers file is named.")
        with Together(start.root) as together:
            together.write(files)
            try:
                seq = _recorded(start, made, principal)
            except _Taken:
                together.undo()
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


def _recorded(start: _Start, made: _Made, principal: str | None) -> int:
    """Append the event, if nobody signed with the token meanwhile; its place in the chain. Raises _Taken."""

    def still_free() -> None:
        if made.token in _ledger_tokens(start.ledger):
            raise _Taken

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
    return start.ledger.append(event, guard=still_free).seq


def _free_tokens(start: _Start) -> Iterator[tuple[str, dt.datetime]]:
    """Tokens that neither git nor the ledger knows, of this minute and those after it, with the present time."""
    name = token_name(start.actor)
    pattern = f"{name}[0-9]{{12}}"
    folders = _folders(start.case)
    taken = words_in_history(start.repository, pattern, sorted(folders)) | _lying_about(
        start.root, folders, pattern
    )
    now = _now()
    for minutes in range(24 * 60):
        token = name + (now + dt.timedelta(minutes=minutes)).strftime("%d%m%Y%H%M")
        if token not in taken and token not in _ledger_tokens(start.ledger):
            yield token, now


def token_name(actor: str) -> str:
    """The lower-case ASCII letters and digits of the actor's name, else of the address before the ``@``.

    Raises UsageError where neither holds any.
    """
    person = Person.of(actor)
    for text in (person.name, person.email.partition("@")[0]):
        plain = unicodedata.normalize("NFKD", text).lower()
        name = re.sub(r"[^a-z0-9]", "", plain)
        if name:
            return name
    raise UsageError(
        f"The name {actor!r} has no ASCII letter or digit to make a token of.", hint="--actor 'NAME <EMAIL>'"
    )


def _ledger_tokens(ledger: Ledger) -> set[object]:
    return {event.data.get("token") for event in ledger.events(kind="signed")}


def _folders(case: Case) -> set[str]:
    return {case.settings.packets.dir, case.settings.packets.refinements, case.packet_path, case.refinement_path}


def _lying_about(root: Path, folders: Iterable[str], pattern: str) -> frozenset[str]:
    """What matches in the files of these folders as they lie in the work tree."""
    files = {file for folder in folders for file in _files(root / folder)}
    found = (re.findall(pattern.encode("ascii"), file.read_bytes()) for file in files)
    return frozenset(match.decode("ascii") for matches in found for match in matches)


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return [file for file in place.glob("WP-*.md") if file.is_file()]


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


def _now() -> dt.datetime:
    return clock.now()
