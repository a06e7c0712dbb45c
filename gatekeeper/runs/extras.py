"""The texts that ``gate init`` adds to files which are somebody else's: marked blocks, and where they fit."""

import re
import textwrap
from collections import Counter
from dataclasses import dataclass

from gatekeeper.resources import template

JUSTFILES = ("justfile", "Justfile", "JUSTFILE", ".justfile")

_RECIPE = re.compile(r"^@?([A-Za-z_][\w-]*)(?:[ \t][^\n:=]*)?:(?!=)", re.MULTILINE)
_TOP_KEY = re.compile(r"^([A-Za-z_][\w-]*):(.*)$", re.MULTILINE)
_ITEM = re.compile(r"^([ ]*)- ", re.MULTILINE)
_LINE_ENDS = re.compile(rb"\r?\n")


@dataclass(frozen=True, slots=True)
class Style:
    """The two lines between which a block of ours stands."""

    begin: str
    end: str


@dataclass(frozen=True, slots=True)
class Addition:
    """What to add: ``text`` is the block's, ``indent`` its depth, ``head`` what a new file needs before it.

    ``by_hand`` says what a person has to add where the file's shape leaves no safe place; ``notes`` are sentences.
    """

    text: str
    indent: str = ""
    head: str = ""
    by_hand: str | None = None
    notes: tuple[str, ...] = ()


def style_of(path: str) -> Style:
    """The comments that mark a block in a file of that name."""
    if path.endswith(".md"):
        return Style("<!-- begin: written by gate init -->", "<!-- end: written by gate init -->")
    return Style("# begin: written by gate init", "# end: written by gate init")


def marked(style: Style, text: str, indent: str) -> str:
    """The block with its marks, at its depth."""
    return textwrap.indent(f"{style.begin}\n{text.rstrip()}\n{style.end}\n", indent)


def appended(old: bytes, block: str) -> bytes:
    """The file's bytes as they are, then a blank line and the block, with the file's own line ends."""
    ends = Counter(_LINE_ENDS.findall(old))
    end = max(ends, key=lambda each: (ends[each], each == b"\n"), default=b"\n")
    gap = b"" if not old else end if old.endswith(b"\n") else end + end
    return old + gap + block.encode().replace(b"\n", end)


def filled(name: str, **values: object) -> str:
    """One of the shipped texts with its values."""
    import jinja2  # noqa: PLC0415 - as in create.py

    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown and YAML; HTML escapes would corrupt them
    )
    return environment.from_string(template(f"adopt/{name}")).render(values)


def recipes(shipped: str, text: str | None) -> Addition:
    """The recipes that a justfile doesn't have yet; a second one of a name would be an error to ``just``."""
    taken = set(_RECIPE.findall(text or ""))
    every = {match[1]: chunk for chunk in shipped.strip().split("\n\n") if (match := _RECIPE.search(chunk))}
    left_out = sorted(taken & every.keys())
    notes = (f"The justfile has recipes of its own called {', '.join(left_out)}: these stay.",) if left_out else ()
    return Addition("\n\n".join(chunk for name, chunk in every.items() if name not in taken), notes=notes)


def hook(text: str | None) -> Addition:
    """The hook as a new item of ``repos``, where that list is written as a block at the file's end."""
    shipped = template("adopt/pre-commit.yaml")
    if text is None or not text.strip():
        return Addition(shipped, indent="  ", head="repos:\n")
    keys = list(_TOP_KEY.finditer(text))
    last = keys[-1] if keys else None
    if last is not None and last[1] == "repos" and not last[2].split("#")[0].strip():
        item = _ITEM.search(text, last.end())
        if item is not None:
            return Addition(shipped, indent=item[1])
    return Addition("", by_hand=f"add this item to its list repos:\n{shipped.rstrip()}")
