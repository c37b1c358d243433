"""The Linux backend on a kernel that has WireGuard itself, which the machine that runs the tests may not have."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lab import kernel

_ROOT = Path(__file__).parents[2]
_SECONDS = 900

pytestmark = [
    pytest.mark.lab,
    pytest.mark.long,
    pytest.mark.long,
    pytest.mark.timeout(_SECONDS + 60),
    pytest.mark.skipif(kernel.why_not() is not None, reason=str(kernel.why_not())),
]


def test_the_backend_keeps_its_promises_with_the_kernels_own_wireguard() -> None:
    # Without this project's plugins and settings: to load Qt takes an emulated machine longer than all the checks.
    pytest_words = ("-c", "/dev/null", "--rootdir", str(_ROOT), "--import-mode=importlib", "-p", "no:cacheprovider")
    result = kernel.run(
        *("env", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1", f"PYTHONPATH={_ROOT / 'tests'}", "PYTHONDONTWRITEBYTECODE=1"),
        *(sys.executable, "-m", "pytest", *pytest_words, "-vv", "--color=no", "-W", "error"),
        *("-o", "markers=lab", "tests/lab/kernel_checks.py"),
        directory=_ROOT,
        timeout=_SECONDS,
    )
    assert result.status == 0, result.output
