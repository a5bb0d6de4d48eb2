"""The scoreboard: programs that use it as httpd's processes do, are killed, and write nonsense into it."""

import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
SHIM = HERE.parents[2] / "shim" / "CSharedMemory"
FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE", "-D_Nonnull=", "-D_Nullable=", "-pthread"]
ROUNDS = 200


@pytest.mark.parametrize("name", ["calls", "count", "generations", "occupied", "stress", "damage"])
def test_program(name, tmp_path):
    sources = [HERE / f"{name}.c", SHIM / "scoreboard.c", SHIM / "queue.c", SHIM / "metrics.c"]
    subprocess.run(["cc", *FLAGS, f"-I{SHIM / 'include'}", *sources, "-o", tmp_path / name], check=True)
    subprocess.run([tmp_path / name, str(ROUNDS)], check=True)
