"""Work packets by id: exact look-up, nearest ids, revisions (contract, section 1)."""

import difflib
import re
from collections.abc import Container, Iterable

_ID = re.compile(r"WP-[A-Za-z0-9.-]+", re.ASCII)
_NAMED = re.compile(r"(?<![A-Za-z0-9.-])WP-[A-Za-z0-9.-]+", re.ASCII)
_REVISION = re.compile(r"(.+)-v(\d{1,9})", re.ASCII)


def is_wp_id(text: str) -> bool:
    """Whether the text is a work packet's id."""
    return _ID.fullmatch(text) is not None


def _id_of(name: str) -> str | None:
    """The id of the packet file of that name, relative to the packets folder."""
    stem = name.removesuffix("/packet.md") if name.endswith("/packet.md") else name.removesuffix(".md")
    if stem == name or name.endswith(".refinement.md") or not is_wp_id(stem):
        return None
    return stem


def places_of(wp_id: str, folder: str) -> tuple[str, ...]:
    """Where the packet of an id may lie, sorted; nowhere for a text that is no packet's id."""
    if _id_of(f"{wp_id}.md") is None:
        return ()
    return tuple(_prefix(folder) + name for name in (f"{wp_id}.md", f"{wp_id}/packet.md"))


def _prefix(folder: str) -> str:
    root = folder.removeprefix("./").strip("/")
    return "" if root in ("", ".") else root + "/"


def packet_paths(paths: Iterable[str], folder: str) -> dict[str, list[str]]:
    """The packet files among ``paths``, by id: ``folder/WP-ID.md`` and ``folder/WP-ID/packet.md``, sorted.

    Deeper folders (``stubs/``) don't count, nor do ``*.refinement.md`` files. ``folder`` may be ``.``.
    """
    prefix = _prefix(folder)
    found: dict[str, list[str]] = {}
    for path in sorted(paths):
        wp_id = _id_of(path.removeprefix(prefix)) if path.startswith(prefix) else None
        if wp_id is not None:
            found.setdefault(wp_id, []).append(path)
    return found


def ids_in(text: str, ids: Container[str]) -> set[str]:
    """Those of the ids that stand in a text whole, not as part of a longer id; ``WP-ID.md`` and ``WP-ID.`` count.

    >>> ids_in("Fix WP-1-Small-v2.", {"WP-1-Small", "WP-1-Small-v2"})
    {'WP-1-Small-v2'}
    """
    found = (_known(match[0], ids) for match in _NAMED.finditer(text))
    return {wp_id for wp_id in found if wp_id is not None}


def _known(word: str, ids: Container[str]) -> str | None:
    """The longest id that the word is, once punctuation at its end and ``.md`` are taken off."""
    bare = word.rstrip(".-")
    forms = (word, bare, bare.removesuffix(".md"))
    return next((form for form in forms if form in ids), None)


def nearest(wp_id: str, ids: Iterable[str]) -> list[str]:
    """At most three of the ids, those most like ``wp_id``, best first."""
    return difflib.get_close_matches(wp_id, sorted(set(ids)), n=3)


def base_and_revision(wp_id: str) -> tuple[str, int]:
    """The base id and the revision; an id without ``-vN`` is revision 1.

    >>> base_and_revision("WP-1-Migration-Framework-v2")
    ('WP-1-Migration-Framework', 2)
    """
    match = _REVISION.fullmatch(wp_id)
    return (match[1], int(match[2])) if match else (wp_id, 1)


def lower_revisions(wp_id: str, ids: Iterable[str]) -> list[str]:
    """Those of the ids that are lower revisions of the same base, lowest first."""
    base, revision = base_and_revision(wp_id)
    keyed = ((base_and_revision(other), other) for other in set(ids))
    return [other for (b, r), other in sorted(keyed) if b == base and r < revision]
