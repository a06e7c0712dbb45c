"""What an audit costs: against one `git grep` with the same patterns, and from process start on a small change.

Usage: python benchmarks/audit.py [FILES]   (default: 10000)

A tree of FILES files of a hundred lines in Rust, Python, TypeScript and Go, one in twenty with something to find,
is committed. In turn, five rounds, medians: `gate audit` with every pack on the whole tree; one `git grep -E`
with the texts of all matchers' first filters as one alternation; `gate audit --changed` on a change of 25 files.
Each is a whole process. The most memory that any of the processes held is shown too.
"""

import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gatekeeper.audit.shipped import shipped
from gatekeeper.changes.build import BuiltRepository

ROUNDS = 5
CONFIG = '[audit]\npacks = ["rust-sqlx", "python-dbapi", "go-sql", "sql-portability", "hygiene"]\n'
LINES = 24
KINDS = {
    "rs": (
        "pub async fn run_{n}(input: &Input) -> Result<u64, Failure> {{\n    let mut total = 0;\n",
        (
            "    let value_{i} = compute(input, {i}).map(|v| v + {i});\n"
            "    if value_{i}.is_none() {{ return missing({i}); }}\n"
            "    // keep the total for later use in the report\n    total += value_{i}.len();\n"
        ),
        '    sqlx::query("SELECT id FROM jobs WHERE id = ?1").fetch_all(&pool).await?;\n',
        "    Ok(total)\n}\n",
    ),
    "py": (
        "def run_{n}(items: list[Item]) -> int:\n    total = 0\n",
        "    value_{i} = compute(items, {i})\n    if value_{i} is None:\n        return {i}\n    total += 1\n",
        '    sqlite3.connect("a.db").execute("SELECT id FROM jobs WHERE id = ?")\n',
        "    return total\n",
    ),
    "ts": (
        "export function run_{n}(items: Item[]): number {{\n  let total = 0;\n",
        "  const value_{i} = compute(items, {i});\n  if (value_{i} === null) {{\n    return {i};\n  }}\n",
        "  console.log(total);\n",
        "  return total;\n}\n",
    ),
    "go": (
        "package work\n\nfunc run_{n}(items []Item) int {{\n\ttotal := 0\n",
        "\tvalue_{i} := compute(items, {i})\n\tif value_{i} == nil {{\n\t\treturn {i}\n\t}}\n",
        '\tpool.Query("SELECT id FROM jobs WHERE id = ?", total)\n',
        "\treturn total\n}\n",
    ),
}
EXTENSIONS = ("rs", "py", "ts", "go")


def source(number: int, extension: str) -> str:
    """A file of a hundred lines; every twentieth holds something to find."""
    head, body, hit, tail = KINDS[extension]
    lines = "".join(body.format(i=i) for i in range(LINES))
    imports = "import sqlite3\n" if extension == "py" and number % 20 < 1 else ""
    return imports + head.format(n=number) + lines + (hit if number % 20 < 1 else "") + tail


def files_of(count: int) -> dict[str, str]:
    """The whole tree by path; languages change every twenty files, so that each gets its share of the hits."""
    found = {"gatekeeper.toml": CONFIG, ".gitignore": "target/\n"}
    for number in range(count):
        extension = EXTENSIONS[number // 20 % len(EXTENSIONS)]
        found[f"src/m{number // 100}/f{number}.{extension}"] = source(number, extension)
    return found


def alternation() -> str:
    """Every text that a first filter looks for, as one expression for git."""
    texts: set[str] = set()
    for rule in shipped():
        for matcher in rule.matcher:
            texts.update(matcher.prefilter)
            if matcher.kind == "sql":
                texts.update(text for embedded in matcher.embedded.values() for text in embedded.prefilter)
    return "|".join(sorted(re.sub(r"([.()\[\]{}*+?|^$\\])", r"\\\1", text) for text in texts))


def seconds(command: list[str], path: Path) -> float:
    """How long one process takes; it must find something."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=path, stdout=subprocess.DEVNULL, check=False)
    assert done.returncode in {0, 1}, done.returncode
    return time.perf_counter() - started


def main(count: int) -> None:
    """Print the ratios."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "repo"
        built = BuiltRepository.create(path)
        files = files_of(count)
        built.write(files)
        built.add()
        built.commit("Files")
        for name in [name for name in files if name.startswith("src/")][:: max(1, count // 25)][:25]:
            (path / name).write_text(files[name] + "\n")
        gate = [sys.executable, "-m", "gatekeeper", "audit"]
        ways = (gate, ["git", "grep", "-nE", alternation()], [*gate, "--changed"])
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        rounds = [[seconds(way, path) for way in ways] for _ in range(ROUNDS + 1)][1:]
        whole, grep, changed = (statistics.median(column) for column in zip(*rounds, strict=True))
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print(f"{count} files: audit {whole * 1000:.0f} ms, git grep {grep * 1000:.0f} ms, ratio {whole / grep:.2f}")
    print(f"a change of 25 files: {changed * 1000:.0f} ms, {changed / grep:.2f} x git grep")
    print(f"the largest process: {most} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
