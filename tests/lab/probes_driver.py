"""Sends and answers probes inside a lab machine; run by path, so that it needs nothing of the lab.

python probes_driver.py answer PORT              answer each probe with its own words, print from where it came
python probes_driver.py ask PORT ENDPOINT WORD   send until it is answered, print who answered; status 1 without answer
python probes_driver.py send PORT ENDPOINT WORD  send it once; status 1 where the system does not let it out
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from meshnet_platform.api import Probes
from meshnet_platform.linux.backend import LinuxBackend
from meshnet_platform.linux.marks import PROBE_MAGIC

_ASKS, _ANSWERS = PROBE_MAGIC + b"?", PROBE_MAGIC + b"!"
_TRIES = 8
_EVERY = 0.25


def main() -> None:
    """Do what the words say."""
    verb, port = sys.argv[1], int(sys.argv[2])
    probes = LinuxBackend(Path("/nowhere")).open_probes(port, PROBE_MAGIC)
    assert probes is not None
    if verb == "answer":
        asyncio.run(_answer(probes))
    elif verb == "ask":
        asyncio.run(_ask(probes, sys.argv[3], sys.argv[4].encode()))
    else:
        sys.exit(not probes.send(sys.argv[3], _ASKS + sys.argv[4].encode()))


async def _answer(probes: Probes) -> None:
    def hear() -> None:
        while (found := probes.receive()) is not None:
            sender, payload = found
            print(sender, payload.decode(errors="replace"), flush=True)
            if payload.startswith(_ASKS):
                probes.send(sender, _ANSWERS + payload.removeprefix(_ASKS))

    asyncio.get_running_loop().add_reader(probes.fileno(), hear)
    print("ready", flush=True)
    await asyncio.Event().wait()


async def _ask(probes: Probes, endpoint: str, word: bytes) -> None:
    answered = asyncio.Event()

    def hear() -> None:
        while (found := probes.receive()) is not None:
            if found[1] == _ANSWERS + word:
                print(found[0])
                answered.set()

    asyncio.get_running_loop().add_reader(probes.fileno(), hear)
    for _ in range(_TRIES):
        probes.send(endpoint, _ASKS + word)
        try:
            return await asyncio.wait_for(asyncio.shield(_wait(answered)), _EVERY)
        except TimeoutError:
            continue
    sys.exit("nobody answered")


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


if __name__ == "__main__":
    main()
