"""The hub of the streams: who is connected, and what each is to be told next.

A change is encoded once and put into the queue of every stream that may see it. Queues are bounded: who does not read
is cut off and resumes from its last revision, so a slow device costs nobody memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from meshnet.coordinator.store import Member, Stored
from meshnet.core.records import Body, Grants
from meshnet.protocol.control import Change, Meet, Ping, Presence, Record, Seen

QUEUE_MAX = 1024
"""Records that wait for a reader at most."""
MEETS_MAX = 256
"""Offers that wait for a reader at most; the oldest gives way, its sender will ask again."""
PING_SECONDS = 15.0
_encoder = msgspec.json.Encoder()


def line_of(change: Change) -> bytes:
    """A change as a line of the stream."""
    return _encoder.encode(change) + b"\n"


class Stream:
    """What one connected device has not been told yet."""

    def __init__(self, member: Member, cut: Callable[[], None]) -> None:
        self.member = member
        self._cut = cut
        self._records: deque[tuple[int, bytes]] = deque()
        self._presence: dict[str, bool] = {}
        self._seen: tuple[str, ...] | None = None
        self._meets: dict[str, Meet] = {}
        self._news = asyncio.Event()
        self._last = False

    def tell_record(self, revision: int, line: bytes) -> None:
        """Queue a record; cuts the stream off when too many wait."""
        if len(self._records) >= QUEUE_MAX:
            self.cut()
            return
        self._records.append((revision, line))
        self._news.set()

    def tell_presence(self, device: str, online: bool) -> None:
        """Queue that a device came or went; only the newest word on each device is kept."""
        self._presence[device] = online
        self._news.set()

    def tell_seen(self, endpoints: tuple[str, ...]) -> None:
        """Queue where the beacons see the device; only the newest sighting is kept."""
        self._seen = endpoints
        self._news.set()

    def tell_meet(self, sender: str, meet: Meet) -> None:
        """Queue an offer; only the newest of each sender is kept."""
        self._meets.pop(sender, None)
        self._meets[sender] = meet
        if len(self._meets) > MEETS_MAX:
            del self._meets[next(iter(self._meets))]
        self._news.set()

    def finish(self) -> None:
        """End the stream when it has told what is queued."""
        self._last = True
        self._news.set()

    def cut(self) -> None:
        """End the stream now."""
        self._records.clear()
        self.finish()
        self._cut()

    def take(self, after: int) -> tuple[int, list[bytes]]:
        """All lines that wait, records above the revision `after` only; and the highest revision among them.

        Offers come last: what they are checked against is in the records.
        """
        lines = []
        for revision, line in self._records:
            if revision > after:
                lines.append(line)
                after = revision
        lines += [line_of(Presence(device, online)) for device, online in self._presence.items()]
        if self._seen is not None:
            lines.append(line_of(Seen(self._seen)))
        lines += [line_of(meet) for meet in self._meets.values()]
        self._records.clear()
        self._presence.clear()
        self._seen = None
        self._meets.clear()
        return after, lines

    async def wait(self) -> list[bytes] | None:
        """Wait for news: [] when there are some, a `Ping` when there were none for a while, None at the end."""
        try:
            async with asyncio.timeout(PING_SECONDS):
                await self._news.wait()
        except TimeoutError:
            return [line_of(Ping())]
        if self._last:
            return [] if self._records else None
        self._news.clear()
        return []


class Hub:
    """The streams of all meshes; a device has one at most."""

    def __init__(self) -> None:
        self._meshes: dict[str, dict[str, Stream]] = {}
        self._closed = False

    def join(self, stream: Stream) -> None:
        """Connect a stream; an older one of the same device is cut off, and the mesh is told who is online."""
        if self._closed:
            stream.cut()
            return
        streams = self._meshes.setdefault(stream.member.mesh, {})
        older = streams.get(stream.member.device)
        streams[stream.member.device] = stream
        others = {device: other for device, other in streams.items() if other is not stream}
        for device in others:
            stream.tell_presence(device, True)
        if older is not None:
            older.cut()
            return
        self._tell_presence(others.values(), stream.member.device, True)

    def leave(self, stream: Stream) -> None:
        """Disconnect a stream; the mesh is told, unless a newer stream of the device took its place."""
        member = stream.member
        streams = self._meshes.get(member.mesh, {})
        if streams.get(member.device) is not stream:
            return
        del streams[member.device]
        if not streams:
            del self._meshes[member.mesh]
        self._tell_presence(streams.values(), member.device, False)

    def publish(self, mesh: str, stored: Stored, body: Body) -> None:
        """Tell a new record to those who may see it: a grant concerns two devices, everything else the mesh."""
        streams = self._meshes.get(mesh, {})
        if isinstance(body, Grants):
            seeing = [streams[device] for device in {body.device, body.peer} if device in streams]
        else:
            seeing = list(streams.values())
        line = line_of(Record(stored.revision, stored.record))
        for stream in seeing:
            stream.tell_record(stored.revision, line)

    def is_connected(self, mesh: str, device: str) -> bool:
        """Whether the device has a stream."""
        return device in self._meshes.get(mesh, {})

    def tell_seen(self, mesh: str, device: str, endpoints: tuple[str, ...]) -> None:
        """Tell a device, where it is connected, how the beacons see it; nobody else hears of it."""
        stream = self._meshes.get(mesh, {}).get(device)
        if stream is not None:
            stream.tell_seen(endpoints)

    def tell_meet(self, mesh: str, device: str, sender: str, meet: Meet) -> bool:
        """Pass an offer on; False where the device is not connected."""
        stream = self._meshes.get(mesh, {}).get(device)
        if stream is not None:
            stream.tell_meet(sender, meet)
        return stream is not None

    def expel(self, mesh: str, device: str) -> None:
        """End the stream of a device that was removed, after what it was told."""
        stream = self._meshes.get(mesh, {}).get(device)
        if stream is not None:
            self.leave(stream)
            stream.finish()

    def close(self) -> None:
        """End all streams, and let none begin."""
        self._closed = True
        for streams in list(self._meshes.values()):
            for stream in list(streams.values()):
                stream.finish()

    @staticmethod
    def _tell_presence(streams: Iterable[Stream], device: str, online: bool) -> None:
        for stream in streams:
            stream.tell_presence(device, online)
