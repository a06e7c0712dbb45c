"""A person's editor on a text: the one that git would start."""

import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from gatekeeper.model.errors import RefusedError, UsageError


class Draft:
    """A text in a temporary file for a person's editor; within a ``with`` block it is removed only if ``done``.

    ``kept`` is where it still lies after the block, None where nobody wrote anything or it was done with.
    """

    def __init__(self, name: str) -> None:
        self.kept: Path | None = None
        self._name = name
        self._folder: Path | None = None
        self._done = False

    def edited(self, text: str, editor: str) -> str:
        """What a person made of the text. Raises RefusedError if the editor failed, UsageError without a text.

        ``editor`` is a shell's command, to which the file's name is added, as git does.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="gate-"))
        file = self._folder / self._name
        file.write_text(text, encoding="utf-8", newline="\n")
        try:
            ended = subprocess.run(_command(editor, file), check=False)
        except OSError as error:
            raise UsageError(
                f"The editor {editor!r} can't be started: {error.strerror}.", hint="set GIT_EDITOR or EDITOR"
            ) from error
        if ended.returncode != 0:
            raise RefusedError(
                f"The editor {editor!r} ended with exit code {ended.returncode}, so nothing was written.",
                hint="set GIT_EDITOR or EDITOR to one that works here, or give the words as options",
            )
        try:
            found = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError("The editor left no file of UTF-8 text.", hint="save it as UTF-8") from error
        if found.strip() and found != text:
            self.kept = file
        return found

    def done(self) -> None:
        """The words are where they belong."""
        self._done = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._done:
            self.kept = None
        if self._folder is not None and self.kept is None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _command(editor: str, file: Path) -> list[str]:
    """The editor's command through a shell, which may be needed to read it; without one as Python splits words."""
    shell = shutil.which("sh")
    if shell is None:
        return [*shlex.split(editor, posix=False), str(file)]
    return [shell, "-c", f'{editor} "$@"', editor, str(file)]
