"""The README's commands do what it shows."""

import re
import shlex
import subprocess
from pathlib import Path

from application import commit, git, run

from packets import FILES, fill

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_life_of_a_packet_is_as_it_is_shown(tmp_path: Path) -> None:
    """Each command in turn; only ids, times and tokens may differ. After the first a person fills the plan."""
    repo = tmp_path / "app"
    repo.mkdir()
    git(repo, "init", "-q", "--template=", "-b", "main")
    commit(repo, "Begin", FILES)
    git(repo, "switch", "-q", "-c", "search")
    git(repo, "config", "user.name", "Coder")
    git(repo, "config", "user.email", "coder@example.invalid")
    steps = steps_of("The life of a packet")
    assert len(steps) > 8
    for command, shown in steps:
        said = said_by(repo, command)
        # In one second an event may be told before the commit that it belongs to, or after it.
        assert sorted(plain(said).splitlines()) == sorted(plain(shown).splitlines()), command
        if command.startswith("gate new"):
            fill(repo)


def steps_of(heading: str) -> list[tuple[str, str]]:
    """The commands of a section, each with what it shows."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## )", README.read_text(), re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"^```console\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return [
        (command, shown)
        for block in blocks
        for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    ]


def said_by(repo: Path, command: str) -> str:
    """What a command shows: ours in this process, all else in a shell."""
    program, *arguments = shlex.split(command)
    if program == "gate":
        code, out, err = run(repo, *arguments)
    else:
        done = subprocess.run(["sh", "-c", command], cwd=repo, capture_output=True, text=True, check=False)
        code, out, err = done.returncode, done.stdout, done.stderr
    assert (code, err) == (0, ""), f"{command}: {out}{err}"
    return out


def plain(text: str) -> str:
    """The text without what differs from day to day."""
    text = re.sub(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d\.\d{3}Z)?", "TIME", text)
    return re.sub(r"\b(?:[0-9a-f]{64}|[0-9a-f]{12})\b", "ID", re.sub(r"\bcoder\d{12}\b", "TOKEN", text))
