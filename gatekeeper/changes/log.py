"""What history says of single files: who wrote them, when they changed, and which words ever stood in them."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from gatekeeper.changes.repository import Repository
from gatekeeper.model.names import decode

# Everything that a user's configuration could change is given outright.
_PLAIN = (
    *("--no-color", "--no-decorate", "--no-ext-diff", "--no-notes", "--no-relative", "--no-show-signature"),
    *("--no-textconv", "--encoding=UTF-8"),
)
_BEGIN = re.compile(rb"\x01(?=[0-9a-f]{40,64}\0)")
_FIELDS = "%x01" + "%x00".join(("%H", "%P", "%at", "%an", "%ae", "%s")) + "%x00"
_AUTHORS = "%x00".join(("%an", "%ae", "%aN", "%aE", "%(trailers:key=Co-authored-by,valueonly,separator=%x0a)"))
_AUTHOR_FIELDS = 5


@dataclass(frozen=True, slots=True)
class Touch:
    """A commit that changed files asked for; ``at`` is the author's date in seconds since 1970."""

    oid: str
    parents: tuple[str, ...]
    at: int
    author: str
    email: str
    subject: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A name and an e-mail address, either may be empty."""

    name: str
    email: str

    @classmethod
    def of(cls, text: str) -> "Person":
        """The person of ``NAME <EMAIL>``, or of a bare name."""
        match = re.fullmatch(r"\s*(.*?)\s*<([^<>]*)>\s*", text, re.DOTALL)
        return cls(match[1], match[2].strip()) if match else cls(text.strip(), "")

    def is_same(self, other: "Person") -> bool:
        """Whether name or address is the same, without regard to case."""
        pairs = ((self.name, other.name), (self.email, other.email))
        return any(one and one.casefold() == another.casefold() for one, another in pairs)

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>" if self.email else self.name


def touches(repo: Repository, paths: Sequence[str]) -> tuple[Touch, ...]:
    """The commits up to HEAD that changed these files or folders, newest first; one process.

    Of a merge only what differs from every parent.
    """
    if repo.head is None or not paths:
        return ()
    arguments = ("log", "-z", "--name-only", "-c", "--no-renames", "--date-order", *_PLAIN, f"--format={_FIELDS}")
    return tuple(_touches(repo.git.run(*arguments, repo.head, "--", *paths).out))


def _touches(output: bytes) -> Iterator[Touch]:
    for record in _BEGIN.split(output)[1:]:
        oid, parents, at, name, email, subject, rest = record.split(b"\0", 6)
        files = (word.lstrip(b"\n") for word in rest.split(b"\0"))
        yield Touch(
            oid=oid.decode("ascii"),
            parents=tuple(parents.decode("ascii").split()),
            at=int(at),
            author=_text(name),
            email=_text(email),
            subject=_text(subject),
            paths=tuple(sorted(decode(name) for name in files if name)),
        )


def authors_of(repo: Repository, path: str) -> tuple[Person, ...]:
    """Everyone who wrote into a file up to HEAD, under any name: as committed, by .mailmap, as co-author."""
    if repo.head is None:
        return ()
    arguments = ("log", "-z", "--follow", *_PLAIN, "--no-patch", f"--format={_AUTHORS}", repo.head, "--", path)
    words = repo.git.run(*arguments).out.split(b"\0")
    places = range(0, len(words) - _AUTHOR_FIELDS + 1, _AUTHOR_FIELDS)
    people = (person for place in places for person in _people(words[place : place + _AUTHOR_FIELDS]))
    return tuple(dict.fromkeys(people))


def authors_by_commit(repo: Repository, base: str | None, head: str) -> dict[str, tuple[Person, ...]]:
    """Who wrote each commit between base and head, by commit id, under any name as in ``authors_of``."""
    without = () if base is None else (f"^{base}",)
    arguments = ("log", "-z", *_PLAIN, "--no-patch", f"--format=%H%x00{_AUTHORS}", head, *without)
    words = repo.git.run(*arguments).out.split(b"\0")
    size = _AUTHOR_FIELDS + 1
    return {
        words[place].decode("ascii"): tuple(_people(words[place + 1 : place + size]))
        for place in range(0, len(words) - size + 1, size)
    }


def _people(fields: Sequence[bytes]) -> Iterator[Person]:
    name, email, mapped, address, together = map(_text, fields)
    yield Person(name, email)
    yield Person(mapped, address)
    yield from map(Person.of, together.splitlines())


def words_in_history(repo: Repository, pattern: str, folders: Collection[str]) -> frozenset[str]:
    """Every match of a pattern (one that git and Python read alike) in what any commit of any ref put there."""
    arguments = ("log", "--all", "-m", "-U0", "--text", "--no-renames", "--extended-regexp", *_PLAIN, "--format=")
    answer = repo.git.run(*arguments, "--patch", f"-G{pattern}", "--", *folders)
    return frozenset(match.decode("ascii") for match in re.findall(pattern.encode("ascii"), answer.out))


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace").strip("\n")
