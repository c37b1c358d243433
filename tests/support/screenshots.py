"""`./dev screenshots`: pictures of every window, menu and dialog of the desktop app in every state.

In build/screenshots: a folder for each look (language, light or dark, scale in percent), and sheets that show all
pictures of a group at a glance. English takes part in full, the other languages with the main scenes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

OUT = Path(__file__).resolve().parents[2] / "build" / "screenshots"
SCREEN = (1366, 768)
"""Logical pixels: the smallest screen on which everything must have its place."""
LOOKS = (
    ("en", "light", 200, False),
    ("en", "dark", 200, False),
    ("en", "light", 100, False),
    ("en", "dark", 100, False),
    ("de", "light", 100, True),
    ("fr", "light", 100, True),
    ("de", "dark", 200, True),
    ("fr", "dark", 200, True),
    ("en", "light", 150, True),
)
"""Language, appearance, scale, whether only the main scenes; those that take longest come first."""


def take(out: Path, only: str, directory: Path, look: tuple[str, str, int, bool]) -> tuple[int, str]:
    """Have one look photographed; its exit status, and what it said."""
    language, appearance, scale, is_short = look
    words = [sys.executable, "-m", "support.photographer", language, appearance, str(scale), str(out), "--only", only]
    screen = _screen(directory, scale)
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": f"offscreen:configfile={screen}",
        "QT_SCALE_FACTOR": str(scale / 100),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "XDG_CONFIG_HOME": str(directory / "config"),
        "TZ": "Europe/Berlin",
    }
    done = subprocess.run(
        [*words, *(["--main"] if is_short else [])], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def _screen(directory: Path, scale: int) -> Path:
    width, height = (size * scale // 100 for size in SCREEN)
    screen = {"name": "screen", "x": 0, "y": 0, "width": width, "height": height, "logicalDpi": 96, "dpr": 1}
    file = directory / f"{scale}.json"
    file.write_text(json.dumps({"screens": [screen]}), encoding="utf-8")
    return file


def main() -> int:
    """Take all pictures; 1 where one could not be taken."""
    parser = argparse.ArgumentParser(prog="./dev screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, help="where they go (%(default)s)")
    parser.add_argument("--only", default="", metavar="WORD", help="only pictures with this in their name")
    parser.add_argument(
        "--look", default="", metavar="LOOK", help="only looks with this in their name, as en-light-100"
    )
    given = parser.parse_args()
    begun = time.monotonic()
    looks = [look for look in LOOKS if given.look in "-".join(map(str, look[:3]))]
    with tempfile.TemporaryDirectory(prefix="meshnet-screenshots-") as directory, ThreadPoolExecutor(2) as pool:
        results = list(pool.map(partial(take, given.out.resolve(), given.only, Path(directory)), looks))
    for _, said in results:
        sys.stderr.write(said)
    count = len(list(given.out.glob("*/*.png")))
    print(f"{count} pictures in {given.out}, in {time.monotonic() - begun:.0f} s", flush=True)
    return max(status for status, _ in results) if results else 1


if __name__ == "__main__":
    sys.exit(main())
