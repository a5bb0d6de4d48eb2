"""Modules of httpd that only some tests need."""

import pytest

import env


def load(*names: str) -> str:
    """LoadModule lines; a test whose module is missing on this machine is skipped."""
    lines = []
    for name in names:
        path = env.module_directory() / f"mod_{name}.so"
        if not path.exists():
            pytest.skip(f"httpd here has no mod_{name}")
        lines.append(f"LoadModule {name}_module {path}")
    return "\n".join(lines) + "\n"
