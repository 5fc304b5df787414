# SPDX-License-Identifier: EUPL-1.2
"""What breaks things under a gateway: small disks, calls that fail, limits of a process.

Nothing of ours is replaced: the kernel says no, or the shim between the program and libc does.
"""

import atexit
import functools
import os
import resource
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.setup import shipped_config
from tests.flow.conftest import Done, eventually

HERE = Path(__file__).resolve().parent


def need(*programs):
    """Skip where one of these is not installed."""
    for one in programs:
        if shutil.which(one) is None:
            pytest.skip(f"{one} is not installed; .ci/run installs it")


def need_root():
    """Skip where mounting, limits and other users are not ours to use."""
    if os.geteuid() != 0:
        pytest.skip("needs root: mounts, or another user")


def run(*words):
    """Run a command that must end well."""
    done = subprocess.run([str(one) for one in words], capture_output=True, timeout=100)
    assert done.returncode == 0, (words, done.stdout, done.stderr)


class Disks:
    """Mounts of one test."""

    def __init__(self):
        self.mounted = []

    def tmpfs(self, folder, options):
        """A disk of its own on a folder, of the size that mount's options say."""
        need_root()
        folder.mkdir(parents=True, exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder)
        self.mounted.append(folder)
        return folder

    def again(self, folder, options):
        """The same disk with other options."""
        run("mount", "-o", f"remount,{options}", folder)

    def bind(self, source, folder):
        """A folder seen in another place."""
        need_root()
        run("mount", "--bind", source, folder)
        self.mounted.append(folder)

    def umount(self, folder=None):
        """Take one away, or all."""
        for one in [folder] if folder else reversed(self.mounted):
            subprocess.run(["umount", "--lazy", one], capture_output=True)
        self.mounted = [one for one in self.mounted if folder and one != folder]


def fill(folder, left=0):
    """Fill a disk until so many bytes are free; gives the file that does it."""
    found = os.statvfs(folder)
    path = folder / "vulling"
    path.write_bytes(b"\0" * (found.f_bavail * found.f_frsize - left))
    return path


@contextmanager
def limited(what, soft):
    """A limit of this process (``resource.RLIMIT_...``), for a while."""
    before = resource.getrlimit(what)
    resource.setrlimit(what, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)


def config(*edits):
    """The shipped configuration with texts replaced; each must be there."""
    text = shipped_config().decode()
    for old, new in (("technisch:\n", "technisch:\n  schijfreserve_bytes: 0\n"), *edits):
        assert old in text, old
        text = text.replace(old, new)
    return text


@functools.cache
def shim():
    """The compiled shim; shim.c says what it does."""
    compiler = os.environ.get("CC", "cc")
    need(compiler)
    folder = Path(tempfile.mkdtemp(prefix="knooppunt-faults-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = folder / "shim.so"
    run(compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", made,
        HERE / "shim.c", "-ldl")  # fmt: skip
    return made


def failing(knooppunt, *rules, words=("run", "--once")):
    """Run a command of a chain while calls fail: rules are (call, part of a path, errno).

    A fourth word says how often, in each process. With a short quiet time, which is how long ``run
    --once`` waits for what cannot go on.
    """
    knooppunt.configure(("rusttijd_ms: 2000", "rusttijd_ms: 100"))
    told = ";".join(",".join(map(str, rule)) for rule in rules)
    env = os.environ | {"LD_PRELOAD": str(shim()), "KNOOPPUNT_FAULTS": told}
    process = knooppunt.start(*words, env=env)
    out, err = process.communicate(timeout=100)
    return Done(process.returncode, out.decode(), err.decode())


def received(knooppunt, code="GMSDWMO"):
    """What CBS has of an exchange: name to content."""
    inbox = knooppunt.folders / "cbs/in" / code
    found = {p.name: p.read_bytes() for p in inbox.glob("*") if p.is_file()}
    return {name: content for name, content in found.items() if "_metagegevens" not in name}


def half_done(knooppunt, which=".tmp"):
    """What lies in our own folders."""
    return [p for folder in knooppunt.folders.rglob(which) for p in folder.iterdir()]


def codes(keten):
    """What is not taken: its name, and the code of the reason."""
    return {one.name: one.code for one in keten.settle().waiting}


def goes_on(keten, uitwisseling, *contents):
    """Wait until the receiver has just these, each once; then all is verified."""
    wanted = sorted(contents)
    eventually(
        lambda: (
            not keten.settle().waiting
            and sorted(one.content for one in keten.received(uitwisseling)) == wanted
        )
    )
    keten.check()
