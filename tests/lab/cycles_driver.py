"""Applies plans at random and undoes them, again and again, by one backend in a lab machine.

PYTHONPATH=tests python cycles_driver.py STATE_DIR PLANS.json CYCLES SEED

Prints a JSON line for each mess, one of what grew, and `done`.
"""

from __future__ import annotations

import gc
import json
import os
import random
import sys
import threading
from pathlib import Path

import msgspec
import psutil

from lab import kill_driver
from meshnet_platform.api import SystemPlan
from meshnet_platform.linux.backend import LinuxBackend

_WARM_AFTER = 10
"""Cycles after which everything was needed once: modules, caches, the heap."""
_MORE_MEMORY = 1.1


def held(state_dir: Path) -> dict[str, int]:
    """What this process holds now; RSS in bytes."""
    gc.collect()
    process = psutil.Process()
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "children": len(process.children(recursive=True)),
        "files": len(list(state_dir.iterdir())),
        "rss": process.memory_info().rss,
    }


def main() -> None:
    """Cycle so often."""
    state_dir, plans = Path(sys.argv[1]), msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=list[SystemPlan])
    chance = random.Random(int(sys.argv[4]))
    clean = kill_driver.snapshot(state_dir)
    backend = LinuxBackend(state_dir)
    backend.watch(lambda words: print(json.dumps({"trouble": words}), flush=True), lambda: None)
    before: dict[str, int] = {}
    for cycle in range(int(sys.argv[3])):
        for plan in chance.choices(plans, k=chance.randint(1, 3)):
            backend.apply(plan)
        backend.restore()
        left = kill_driver.differences(clean, kill_driver.snapshot(state_dir))
        if left:
            print(json.dumps({"cycle": cycle, "left": left}), flush=True)
        if cycle == _WARM_AFTER:
            before = held(state_dir)
    after = held(state_dir)
    grown = {name: (before[name], after[name]) for name in after if after[name] > before[name]}
    if after["rss"] <= before["rss"] * _MORE_MEMORY:
        grown.pop("rss", None)
    print(json.dumps({"grown": grown}), flush=True)
    backend.close()
    print("done", flush=True)


if __name__ == "__main__":
    main()
