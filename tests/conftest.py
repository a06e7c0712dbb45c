"""Fixtures that several rooms' tests share."""

from pathlib import Path

import pytest
from gitrepo import GitRepo


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    """An empty repository, on main, in a folder whose name has a space."""
    return GitRepo.init(tmp_path / "a repository")
