# SPDX-License-Identifier: EUPL-1.2
"""The machine that is made to fail: gateways under the shim, and disks that can lose power."""

from __future__ import annotations

import atexit
import fcntl
import functools
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DISK_MIB = 96
FULL = os.environ.get("KNOOPPUNT_CRASH") == "full"
"""Every call is played, not a sample of them."""
MARKS = [pytest.mark.timeout(0 if FULL else 300), *[pytest.mark.crash_full] * FULL]
"""Of each test of this folder."""
DIED = -9


@functools.cache
def work() -> Path:
    """A directory for everything, removed at the end.

    In memory where there is room: the disks that lose power are files in it, and what they keep
    need not survive this machine.
    """
    chosen = os.environ.get("KNOOPPUNT_CRASH_DIR")
    if chosen is None and os.path.isdir("/dev/shm"):
        room = os.statvfs("/dev/shm")
        chosen = "/dev/shm" if room.f_bavail * room.f_frsize > 1 << 30 else None
    found = Path(tempfile.mkdtemp(prefix="knooppunt-crash-", dir=chosen))
    atexit.register(shutil.rmtree, found, ignore_errors=True)
    return found


@functools.cache
def shim() -> Path:
    """The compiled shim."""
    made = work() / "shim.so"
    compiler = os.environ.get("CC", "cc")
    subprocess.run(
        [compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
         "-o", str(made), str(HERE / "shim.c"), "-ldl"],
        check=True,
    )  # fmt: skip
    return made


@functools.cache
def why_no_power_loss() -> str:
    """Why this machine cannot simulate power loss; empty when it can."""
    if os.geteuid() != 0:
        return "power loss needs root: loop mounts and the shutdown ioctl"
    for tool in ("mkfs.ext4", "mount", "umount"):
        if shutil.which(tool) is None:
            return f"power loss needs {tool}"
    try:
        disk = Disk("probe")
        disk.format()
        disk.mount()
        disk.unmount()
    except (OSError, subprocess.CalledProcessError) as error:
        return f"power loss needs loop devices: {error}"
    return ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one run ended: exit code (negative: the signal), what it printed, how far it counted."""

    code: int
    said: str
    calls: tuple[str, ...]

    @property
    def died(self) -> bool:
        """Tell whether the shim ended it."""
        return self.code == DIED


class Machine:
    """Runs gateways under the shim, from the given copy of the package."""

    def __init__(self, package: Path = ROOT) -> None:
        self._dir = Path(tempfile.mkdtemp(prefix="machine-", dir=work()))
        path = os.pathsep.join([str(package), str(ROOT)])
        self._server = subprocess.Popen(
            [sys.executable, "-B", str(HERE / "server.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"LD_PRELOAD": str(shim()), "PYTHONPATH": path},
        )
        atexit.register(self.stop)
        self.gateway = Path(self._answer()["ready"]).parent
        if self.gateway.parent != package:
            raise RuntimeError(f"the gateway under test is {self.gateway}, not that of {package}")

    def _answer(self) -> dict[str, object]:
        assert self._server.stdout is not None
        line = self._server.stdout.readline()
        if not line:
            raise RuntimeError("the fork server ended")
        return json.loads(line)

    def run(
        self,
        argv: list[str],
        roots: list[Path],
        at: int = 0,
        *,
        near: str = "",
        past: int = 0,
        torn: bool = False,
        flushed: bool = False,
        alone: bool = False,
        off: tuple[Path, ...] = (),
    ) -> Ended:
        """Run ``knooppunt argv`` and end it just before changing call number ``at``.

        Calls below ``roots`` are counted; with ``near`` only those that it matches, and the end
        comes ``past`` calls later. ``off``: mount points that lose power at that moment;
        ``flushed``: their journals had just been committed. ``alone``: of several processes only
        the one that makes that call ends.
        """
        out, log = self._dir / "out", self._dir / "log"
        out.write_bytes(b"")
        log.write_bytes(b"")
        request = {
            "argv": argv,
            "root": ":".join(map(str, roots)),
            "at": at,
            "near": near,
            "past": past,
            "torn": torn,
            "flushed": flushed,
            "alone": alone,
            "off": ":".join(map(str, off)),
            "out": str(out),
            "log": str(log),
        }
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        code = int(str(self._answer()["code"]))
        calls = tuple(log.read_text(errors="replace").splitlines())
        return Ended(code, out.read_text(errors="replace"), calls)

    def stop(self) -> None:
        """End the server."""
        if self._server.poll() is None:
            assert self._server.stdin is not None
            assert self._server.stdout is not None
            self._server.stdin.close()
            self._server.wait(10)
            self._server.stdout.close()


class Disk:
    """A file system of its own in a file, that can lose power and come back.

    Without ``journal`` it keeps no order: what one sync wrote is there, and nothing else is.
    """

    def __init__(self, name: str, *, journal: bool = True) -> None:
        self.journal = journal
        self.image = work() / f"{name}.img"
        self.at = work() / f"{name}.mnt"
        self.at.mkdir(exist_ok=True)
        self._mounted = False
        self._bound: list[Path] = []
        self._frozen: Path | None = None

    def format(self) -> None:
        """Make it empty."""
        with self.image.open("wb") as file:
            file.truncate(DISK_MIB << 20)
        features = "^resize_inode" if self.journal else "^resize_inode,^has_journal"
        self._do("mkfs.ext4", "-q", "-F", "-m", "0", "-O", features, str(self.image))

    def become(self, image: Path) -> None:
        """Hold what that image holds."""
        self._do("cp", "--sparse=always", str(image), str(self.image))

    def mount(self) -> None:
        """Mount it. Nothing is written back by itself for 300 seconds."""
        if self._mounted:
            return
        atexit.register(self.unmount)
        options = "loop,noatime,commit=300" if self.journal else "loop,noatime"
        self._do("mount", "-o", options, str(self.image), str(self.at))
        self._mounted = True

    def bind(self, what: Path, where: str) -> None:
        """Show a folder of another disk in this one."""
        self._do("mount", "--bind", str(what), str(self.at / where))
        self._bound.append(self.at / where)

    def unmount(self) -> None:
        """Unmount it; after a power loss that loses what was not synced."""
        while self._bound:
            self._unmount(self._bound.pop())
        if self._mounted:
            self._unmount(self.at)
            self._mounted = False
            atexit.unregister(self.unmount)
        if self._frozen is not None:
            self._frozen.replace(self.image)
            self._frozen = None
            mended = subprocess.run(["e2fsck", "-fy", str(self.image)], capture_output=True)
            if mended.returncode > 1:
                raise OSError(mended.stdout.decode())

    def _unmount(self, at: Path) -> None:
        for _ in range(100):
            # The kernel may close the last files of a killed process a moment after its end.
            if subprocess.run(["umount", str(at)], capture_output=True).returncode == 0:
                return
            time.sleep(0.02)
        self._do("umount", str(at))

    def power_off(self) -> None:
        """Lose power now: the shutdown ioctl, nothing flushed.

        Without a journal that ioctl is of no use: what had reached the device is kept aside.
        """
        if not self.journal:
            self._frozen = self.image.with_suffix(".frozen")
            self._do("cp", "--sparse=always", str(self.image), str(self._frozen))
            return
        fd = os.open(self.at, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(fd, 0x8004587D, struct.pack("I", 2))
        finally:
            os.close(fd)

    @staticmethod
    def _do(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True)
