"""Where the files lie that ship with the package: templates, and the ledger's own migrations."""

from pathlib import Path

from gatekeeper.model.errors import GateError

_PACKAGE = Path(__file__).resolve().parent


def templates() -> Path:
    """The folder of templates. Raises GateError if the installation lacks it."""
    return _folder("templates")


def migrations() -> Path:
    """The folder of the ledger's migrations. Raises GateError if the installation lacks it."""
    return _folder("migrations")


def template(name: str) -> str:
    """The text of one template, by its path below ``templates()``. Raises GateError if there is none."""
    path = templates() / name
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise _incomplete(path) from error


def _folder(name: str) -> Path:
    """The shipped folder: inside the package in an installed wheel, beside it in the source tree."""
    shipped = _PACKAGE / "_shipped" / name
    if shipped.is_dir():
        return shipped
    source = _PACKAGE.parent / name
    if source.is_dir() and (_PACKAGE.parent / "pyproject.toml").is_file():
        return source
    raise _incomplete(shipped)


def _incomplete(path: Path) -> GateError:
    return GateError(
        f"{path} is missing, so this installation of gatekeeper is incomplete.",
        hint="install it again: python -m pip install --force-reinstall gatekeeper",
    )
