"""What starting `gate` costs, as ratios in one run: against the bare interpreter and against typer alone.

Usage: python benchmarks/startup.py
"""

import os
import statistics
import subprocess
import sys
import time

ROUNDS = 15
WAYS = {
    "python -c pass": ["-c", "pass"],
    "import typer": ["-c", "import typer"],
    "gate --version": ["-m", "gatekeeper", "--version"],
    "gate post-work --help": ["-m", "gatekeeper", "post-work", "--help"],
}


def seconds(arguments: list[str]) -> float:
    """One whole process."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Print a row for each way."""
    # Compiled, as an installed package is, whatever this environment says of its own files.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for arguments in WAYS.values():
        seconds(arguments)
    rounds = [[seconds(arguments) for arguments in WAYS.values()] for _ in range(ROUNDS)]
    medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
    for name, median in zip(WAYS, medians, strict=True):
        ratios = f"{median / medians[0]:>6.1f} x python {median / medians[1]:>6.2f} x typer"
        print(f"{name:<24} {median * 1000:>6.0f} ms {ratios}")


if __name__ == "__main__":
    main()
