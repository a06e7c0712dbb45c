"""The wheel works outside the source tree: it ships templates and migrations, and its demo comes out right."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this source tree, built without isolation by the build requirements of the test environment."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (built,) = out.glob("gatekeeper-*.whl")
    return built


def test_the_wheel_ships_what_the_commands_read(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("templates", "migrations"):
        shipped = {p.relative_to(ROOT).as_posix() for p in (ROOT / folder).rglob("*") if p.is_file()}
        assert shipped
        assert {f"gatekeeper/_shipped/{name}" for name in shipped} <= names
    assert "gatekeeper/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "packets/", "benchmarks/"))]


def test_the_demo_runs_from_the_wheel_outside_the_source_tree(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "a site"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--no-index",
            "--target",
            str(site),
            str(wheel),
        ],
        check=True,
        capture_output=True,
    )
    environment = {**os.environ, "PYTHONPATH": str(site)}
    where = subprocess.run(
        [sys.executable, "-c", "import gatekeeper; print(gatekeeper.__file__)"],
        env=environment,
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(site)
    done = subprocess.run(
        [sys.executable, "-m", "gatekeeper", "demo", str(tmp_path / "a demo")],
        env=environment,
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for rule in ("manifest.post-sha1", "scope.out-of-scope", "migration.replay-fails"):
        assert f"error {rule}" in done.stdout
