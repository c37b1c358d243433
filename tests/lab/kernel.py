"""A kernel of Debian's for the lab: this machine's own files, booted in QEMU, with WireGuard in the kernel.

The root file system is lent read-only (9p), under a layer in memory; so the guest has the same programs and the same
checkout, and whatever it does there is gone with it. Law: the guest has no network card, and never outlives the caller.
"""

from __future__ import annotations

import gzip
import lzma
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab.process import LabError

__all__ = ["Kernel", "Result", "find_kernel", "run", "why_not"]

EMULATOR = "qemu-system-x86_64"
_BUSYBOX = Path("/bin/busybox")
_MEBIBYTES = 1024
# What must be loaded before the root file system is there; the rest is loaded on demand, as on any system.
_FIRST_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
_NEEDED_MODULES = {"9p", "9pnet_virtio", "overlay", "wireguard", "veth", "nf_tables"}
_END = "guest-exit-status:"
_DECOMPRESS: Mapping[str, Callable[[bytes], bytes]] = {
    ".ko": bytes,
    ".xz": lzma.decompress,
    ".gz": gzip.decompress,
}

_INIT = """#!/bin/busybox sh
set -e
busybox mount -t devtmpfs dev /dev
for module in /modules/*; do busybox insmod "$module"; done
busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose root /lower
busybox mount -t tmpfs tmpfs /layer
busybox mkdir /layer/upper /layer/work
busybox mount -t overlay -o lowerdir=/lower,upperdir=/layer/upper,workdir=/layer/work overlay /root
busybox cp /second /root/second
busybox mount -t proc proc /root/proc
busybox mount -t sysfs sys /root/sys
busybox mount --move /dev /root/dev
busybox mount -t tmpfs tmpfs /root/run
exec busybox switch_root /root /bin/sh /second
"""

# Sysrq b restarts at once; QEMU ends instead of that.
_SECOND = """export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
ln -s /proc/self/fd /dev/fd
for number in 0:stdin 1:stdout 2:stderr; do ln -s "fd/${{number%:*}}" "/dev/${{number#*:}}"; done
ip link set lo up
cd {directory}
( {command} ) </dev/null 2>&1
echo "{end} $?"
echo b >/proc/sysrq-trigger
sleep 60
"""


@dataclass(frozen=True, slots=True)
class Kernel:
    """An installed kernel: its image, and the directory of its modules."""

    image: Path
    modules: Path

    @property
    def release(self) -> str:
        """What `uname -r` says under it."""
        return self.modules.name


@dataclass(frozen=True, slots=True)
class Result:
    """What a guest's command printed, kernel messages among it, and its exit status."""

    status: int
    output: str


def find_kernel() -> Kernel | None:
    """The kernel to boot: one that has WireGuard and can borrow a file system; None without any.

    The one that runs now comes first, so that nobody's choice is overruled; the real-time kind comes last.
    """
    found = (Kernel(image, _modules_of(image)) for image in Path("/boot").glob("vmlinuz-*"))
    usable = [one for one in found if _names(one) >= _NEEDED_MODULES]
    return max(usable, key=_preference, default=None)


def why_not() -> str | None:
    """Why no kernel can be booted here, in words; None where one can."""
    if sys.platform != "linux" or os.uname().machine != "x86_64":
        return "booting a kernel needs Linux on x86-64"
    if os.geteuid() != 0:
        return "booting a kernel needs root, which alone may read all of this system's files"
    if shutil.which(EMULATOR) is None:
        return f"booting a kernel needs {EMULATOR} (Debian package qemu-system-x86)"
    if not _is_static(_BUSYBOX):
        return "booting a kernel needs a static /bin/busybox (Debian package busybox-static)"
    if find_kernel() is None:
        return "there is no kernel in /boot with modules for WireGuard and 9p (Debian package linux-image-amd64)"
    return None


def run(*argv: str, directory: Path, timeout: float, kernel: Kernel | None = None) -> Result:
    """Boot, run a program in that directory as root, and power off; LabError after `timeout` seconds."""
    kernel = kernel or find_kernel()
    if kernel is None:
        raise LabError(str(why_not()))
    second = _SECOND.format(directory=shlex.quote(str(directory)), command=shlex.join(argv), end=_END)
    with tempfile.TemporaryDirectory(prefix="meshnet-kernel-") as place:
        initramfs, log = Path(place) / "initramfs", Path(place) / "console"
        initramfs.write_bytes(_initramfs(kernel, second))
        return _result(_boot(_words(kernel, initramfs), log, timeout))


def _boot(words: list[str], log: Path, timeout: float) -> str:
    """What the guest said on its console until it powered off."""
    with log.open("wb") as console, suppress(subprocess.TimeoutExpired):
        subprocess.run(
            words, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT, timeout=timeout, check=False
        )
    return log.read_text(errors="replace").replace("\r\n", "\n")


def _words(kernel: Kernel, initramfs: Path) -> list[str]:
    # Emulated: what an accelerator offers differs from machine to machine, and is not always whole inside another VM.
    # The processor's random numbers are what the guest's key generator would wait for.
    words = f"setpriv --pdeathsig KILL {EMULATOR} -accel tcg -cpu max -smp 1 -m {_MEBIBYTES}".split()
    words += ["-nodefaults", "-nographic", "-serial", "stdio", "-no-reboot"]
    # A nanosecond of the guest's is one instruction, however long that takes here: to the guest's programs, and to the
    # deadlines of what runs there, the emulated processor is as fast as a real one.
    words += ["-icount", "shift=0", "-rtc", "clock=vm"]
    words += ["-virtfs", "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap"]
    words += ["-kernel", str(kernel.image), "-initrd", str(initramfs)]
    # A soft lockup seen by the watchdog is a slow emulator, no news.
    words += ["-append", "console=ttyS0 panic=1 quiet nowatchdog mitigations=off"]
    return words


def _result(output: str) -> Result:
    said, mark, status = output.rpartition(_END)
    if not mark:
        raise LabError(f"the guest did not come to its end in time; it said:\n{output}")
    return Result(int(status.split()[0]), said)


def _preference(kernel: Kernel) -> tuple[bool, bool, list[int]]:
    release = kernel.release
    return release == platform.release(), "-rt-" not in release, [int(number) for number in re.findall(r"\d+", release)]


def _modules_of(image: Path) -> Path:
    return Path("/lib/modules") / image.name.removeprefix("vmlinuz-")


def _names(kernel: Kernel) -> set[str]:
    """The names of all modules, those that are built in included."""
    lists = (kernel.modules / name for name in ("modules.dep", "modules.builtin"))
    lines = (line for one in lists if one.is_file() for line in one.read_text().splitlines())
    return {_name(line.partition(":")[0]) for line in lines}


def _name(path: str) -> str:
    return Path(path).name.partition(".")[0].replace("-", "_")


def _first_modules(modules: Path) -> Iterator[Path]:
    """The files of the modules that the first half needs, each after those it depends on (modules.dep(5))."""
    lines = (line.partition(":") for line in (modules / "modules.dep").read_text().splitlines())
    needs = {_name(path): [*reversed(others.split()), path] for path, _, others in lines}
    # What has no line is built in.
    paths = (path for name in _FIRST_MODULES for path in needs.get(name, []))
    return (modules / path for path in dict.fromkeys(paths))


def _initramfs(kernel: Kernel, second: str) -> bytes:
    """The archive that the kernel unpacks and whose /init it runs (kernel: driver-api/early-userspace)."""
    archive = _Archive()
    for directory in ("bin", "dev", "lower", "layer", "root", "modules"):
        archive.add(directory, 0o40755)
    archive.add("bin/busybox", 0o100755, _BUSYBOX.read_bytes())
    archive.add("init", 0o100755, _INIT.encode())
    archive.add("second", 0o100644, second.encode())
    for number, file in enumerate(_first_modules(kernel.modules)):
        decompress = _DECOMPRESS.get(file.suffix)
        if decompress is None:
            raise LabError(f"{file} is compressed in a way that this lab cannot undo")
        archive.add(f"modules/{number:02}-{file.name}", 0o100644, decompress(file.read_bytes()))
    archive.add("TRAILER!!!", 0)
    return bytes(archive.content)


class _Archive:
    """A cpio archive in the "newc" format (kernel: driver-api/early-userspace/buffer-format)."""

    def __init__(self) -> None:
        self.content = bytearray()
        self._files = 0

    def add(self, name: str, mode: int, content: bytes = b"") -> None:
        """Append a file or a directory, root's."""
        self._files += 1
        path = name.encode() + b"\0"
        fields = (self._files, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(path), 0)
        self._append(b"070701" + b"".join(b"%08x" % field for field in fields) + path)
        self._append(content)

    def _append(self, part: bytes) -> None:
        self.content += part
        self.content += bytes(-len(self.content) % 4)


def _is_static(program: Path) -> bool:
    """Whether a program needs no loader: its ELF file has no interpreter (elf(5): PT_INTERP)."""
    try:
        content = program.read_bytes()
    except OSError:
        return False
    return b"/ld-linux" not in content[:4096]
