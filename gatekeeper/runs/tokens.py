"""The one-time tokens of signatures: ``nameDDMMYYYYHHMM``, unique in history, work tree and ledger."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from gatekeeper import clock
from gatekeeper.changes.log import Person, words_in_history
from gatekeeper.changes.repository import Repository
from gatekeeper.gates.case import Case
from gatekeeper.ledger import Ledger
from gatekeeper.model.errors import UsageError


def free_tokens(
    repository: Repository, root: Path, case: Case, ledger: Ledger, actor: str
) -> Iterator[tuple[str, dt.datetime]]:
    """The actor's tokens that neither git nor the ledger knows, of this minute and those of a day after it.

    Each with the present time. Raises UsageError, LedgerError.
    """
    name = token_name(actor)
    pattern = f"{name}[0-9]{{12}}"
    folders = _folders(case)
    taken = words_in_history(repository, pattern, sorted(folders)) | _lying_about(root, folders, pattern)
    now = clock.now()
    for minutes in range(24 * 60):
        token = name + (now + dt.timedelta(minutes=minutes)).strftime("%d%m%Y%H%M")
        if token not in taken and not is_recorded(ledger, token):
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


def is_recorded(ledger: Ledger, token: str) -> bool:
    """Whether the ledger holds a signature with that token. Raises LedgerError."""
    return any(event.data.get("token") == token for event in ledger.events(kind="signed"))


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
