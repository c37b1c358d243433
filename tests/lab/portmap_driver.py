"""Keeps a port of the router open, in a lab machine.

python portmap_driver.py OWN/LENGTH GATEWAY PORT LEASE [WAY...]    WAY: pcp, pmp, igd; all of them if none is given

Prints `STATE WAY ENDPOINT DETAIL` whenever that changes, and gives the port back at SIGTERM.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys

from meshnet.daemon import portmap, portmap_ways
from meshnet.daemon.portmap import PortMapper
from meshnet.daemon.portmap_ways import Line, Way
from meshnet_platform.api import Facts, Gateway, Link


async def _nobody(_: Line) -> Way | None:
    return None


async def _tell(mapper: PortMapper) -> None:
    told = mapper.status
    while True:
        if mapper.status != told:
            told = mapper.status
            print(told.state, told.way or "-", told.endpoint or "-", told.detail or "-", flush=True)
        await asyncio.sleep(0.02)


async def _run(own: str, gateway: str, port: int) -> None:
    mapper = PortMapper(port, secret=b"of this device alone", mark=None)
    mapper.network_changed(Facts((Link("eth0", (own,)),), (Gateway("eth0", gateway, 4),)))
    with contextlib.suppress(asyncio.CancelledError):
        async with asyncio.TaskGroup() as tasks:
            work = [tasks.create_task(mapper.run()), tasks.create_task(_tell(mapper))]
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, lambda: [task.cancel() for task in work])
    await mapper.close()


def main() -> None:
    """Limit the ways to those that were named, and run."""
    own, gateway, port, lease, *ways = sys.argv[1:]
    portmap_ways.LEASE = int(lease)
    portmap.RENEW_MIN = 0.5
    for way in {"pcp", "pmp", "igd"} - set(ways or ("pcp", "pmp", "igd")):
        setattr(portmap, f"find_{way}", _nobody)
    asyncio.run(_run(own, gateway, int(port)))


if __name__ == "__main__":
    main()
