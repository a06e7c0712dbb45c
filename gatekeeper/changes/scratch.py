"""A private folder for what git must write to answer a question: objects, indexes, an empty repository.

The repository's own work tree, index and object database are only ever read.
"""

import os
import shutil
import tempfile
from pathlib import Path

from gatekeeper.changes.git import Git
from gatekeeper.model.names import c_quoted

# Git calls longer files binary; it can compare none longer than this, and would give up on the whole change.
_EMPTY_CONFIG = """\
[core]
\trepositoryformatversion = 1
\tbare = true
\tattributesFile = {nothing}
\tbigFileThreshold = 1023m
[extensions]
\tobjectFormat = {format}
"""

_ID_LENGTHS = {"sha1": 40, "sha256": 64}


class Scratch:
    """The folder, made at once and removed by ``close``.

    ``environment`` makes git write new objects here and read the repository's besides. ``plain`` is a git in an
    empty repository over the same objects: without attributes, filters or settings of anybody. ``id_length`` is
    that of an object's id, in hexadecimal digits.
    """

    def __init__(self, objects: Path, object_format: str) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="gatekeeper-", ignore_cleanup_errors=True)
        self.folder = Path(self._temporary.name)
        # Temporary files may lie in the work tree, where this folder would be part of what is judged.
        (self.folder / ".gitignore").write_text("*\n", encoding="ascii")
        own = self.folder / "objects"
        own.mkdir()
        self.environment = {
            "GIT_OBJECT_DIRECTORY": str(own),
            # Quoted, because the list is separated by colons, which a folder's name may hold.
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": c_quoted(str(objects)),
        }
        self.id_length = _ID_LENGTHS[object_format]
        self.plain = self._empty_repository(object_format)

    def _empty_repository(self, object_format: str) -> Git:
        folder = self.folder / "empty"
        (folder / "refs").mkdir(parents=True)
        (folder / "objects").mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
        config = _EMPTY_CONFIG.format(nothing=os.devnull, format=object_format)
        (folder / "config").write_text(config, encoding="ascii")
        settings = {
            "GIT_DIR": str(folder),
            "GIT_CONFIG_COUNT": "0",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
        }
        return Git(folder, environment={**self.environment, **settings})

    def index_copy(self, index: Path, name: str) -> Path:
        """A copy of the index under that name, or the path of none where the repository has none yet.

        The copy keeps the original's time: git compares it with the files' times to tell which it must read.
        """
        copy = self.folder / name
        if index.exists():
            shutil.copy2(index, copy)
        return copy

    def close(self) -> None:
        """Remove the folder."""
        self._temporary.cleanup()
