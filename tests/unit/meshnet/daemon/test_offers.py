"""Offers are made one after the other, the urgent ones first, and each device gets one."""

from __future__ import annotations

import asyncio

import pytest

from meshnet.daemon import offers
from meshnet.daemon.offers import Offers


def test_the_urgent_go_first_and_each_device_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "A_SECOND", 1000)
    made: list[tuple[str, bool]] = []

    async def run() -> None:
        done = asyncio.Event()

        async def make(device: str, asks: bool) -> None:
            made.append((device, asks))
            if len(made) == 3:
                done.set()

        waiting = Offers(make, lambda device: device == "host")
        for device, asks in (("nas", False), ("phone", True), ("nas", True), ("host", True), ("phone", False)):
            waiting.put(device, asks=asks)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(waiting.run())
            await done.wait()
            running.cancel()

    asyncio.run(run())
    assert made == [("host", True), ("nas", True), ("phone", True)]
