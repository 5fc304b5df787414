# SPDX-License-Identifier: EUPL-1.2
"""Real programs write into outboxes of a running gateway: each file goes whole, and once.

Uploads are slowed down so that they take longer than the quiet time. ``.ci/run`` installs what is
asked for here; elsewhere a test says what is missing.
"""

import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.flow.conftest import Gereedschap, eventually

CONTENT = random.Random(1).randbytes(1_500_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
QUIET_MS = 700
SHARES = ("0034", "1701")

SLOW = """
import sys, time
content = open(sys.argv[1], 'rb').read()
with open(sys.argv[2], 'wb') as file:
    for start in range(0, len(content), 500_000):
        file.write(content[start:start + 500_000])
        file.flush()
        time.sleep(float(sys.argv[3]))
"""
"""A writer that pauses this many seconds after each third of the file, and keeps it open."""


def need(*programs):
    """Skip where one of these is not installed."""
    for one in programs:
        if shutil.which(one) is None and not Path(f"/usr/sbin/{one}").exists():
            pytest.skip(f"{one} is not installed; .ci/run installs it")


def run(*words):
    """Run a command that must end well."""
    done = subprocess.run([str(one) for one in words], capture_output=True, timeout=100)
    assert done.returncode == 0, (words, done.stdout, done.stderr)


def quick(keten, *edits):
    """Short times, so that a writer is slow without a test being so."""
    keten.configure(
        ("rusttijd_ms: 2000", f"rusttijd_ms: {QUIET_MS}"), ("scan_ms: 2000", "scan_ms: 300"), *edits
    )


def end(process):
    """Stop a gateway as a service does."""
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0


def delivered(keten, stem, code="0363"):
    """The digests of what the receiver got under this stem, once nothing of it is left to take."""
    inbox, outbox = keten.folders / "cbs/in/GMSDWMO", keten.folders / f"gemeenten/{code}/outbox"
    eventually(lambda: list(inbox.glob(f"{stem}_{code}_*.csv")))
    eventually(lambda: not list(outbox.glob(f"*{stem}*")))
    time.sleep(2 * QUIET_MS / 1000)  # were it taken in two, the second would come by now
    return [hashlib.sha256(p.read_bytes()).hexdigest() for p in inbox.glob(f"{stem}_{code}_*.csv")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """On a disk, not in memory: one of these writers comes from memory, across file systems."""
    return tmp_path_factory.mktemp("schrijvers")


@pytest.fixture(scope="module")
def chain(folder):
    """A gateway that runs while others write."""
    Gereedschap(folder)("init", "keten")
    keten = Gereedschap(folder / "keten")
    quick(keten)
    process = keten.start("run", "--nu", "2026-02-02")
    yield keten
    end(process)


@pytest.fixture
def outbox(chain):
    """Where everybody here hands over."""
    return chain.folders / "gemeenten/0363/outbox"


@pytest.fixture
def source(folder):
    """The file that is handed over, somewhere else on the disk."""
    path = folder / "bron" / "WMO_H22025.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(CONTENT)
    return path


# --- local writers --------------------------------------------------------------------------------


def test_row_30_a_slow_writer_that_pauses_longer_than_the_quiet_time(chain, source, outbox):
    """It has the file open: the kernel knows, and no quiet time counts."""
    run(sys.executable, "-c", SLOW, source, outbox / "WMO_traag.csv", 2 * QUIET_MS / 1000)
    assert delivered(chain, "WMO_traag") == [DIGEST]


def test_cp_and_mv_across_file_systems(chain, source, outbox):
    """Both copy; one removes afterwards, and keeps the times."""
    if not os.path.isdir("/dev/shm"):
        pytest.skip("there is no file system in memory to move from")
    memory = Path("/dev/shm") / f"WMO_mv_{os.getpid()}.csv"
    shutil.copy(source, memory)
    assert memory.stat().st_dev != outbox.stat().st_dev
    run("cp", source, outbox / "WMO_cp.csv")
    run("mv", memory, outbox / "WMO_mv.csv")
    assert delivered(chain, "WMO_cp") == delivered(chain, "WMO_mv") == [DIGEST]


@pytest.mark.parametrize("when", ["1970-01-02", "2037-12-31"])
def test_row_58_times_that_are_kept(chain, source, outbox, when):
    """A copy with the times of long ago, or of the future."""
    name = f"WMO_p{when[:4]}"
    run("touch", "-d", when, source)
    run("cp", "-p", source, outbox / f"{name}.csv")
    assert delivered(chain, name) == [DIGEST]


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("WMO_rsync", ()),
        ("WMO_rsynca", ("-a", "--partial-dir=.rsync-partial")),
        ("WMO_rsynci", ("--inplace",)),
    ],
)
def test_rsync(chain, source, outbox, name, how):
    """By its own temporary name and a rename, or straight into place."""
    need("rsync")
    run("rsync", "--bwlimit=700", *how, source, outbox / f"{name}.csv")
    assert delivered(chain, name) == [DIGEST]


# --- over the network -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(folder):
    """An OpenSSH server on loopback, with keys of its own; gives the options to reach it."""
    need("sshd", "ssh-keygen", "sftp", "scp")
    if os.geteuid() != 0:
        pytest.skip("sshd wants to be started by root")
    home = folder / "sshd"
    home.mkdir()
    for key in ("host", "user"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / key)
    shutil.copy(home / "user.pub", home / "authorized")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    Path("/run/sshd").mkdir(exist_ok=True)  # where it separates its privileges
    (home / "config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {home}/host\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {home}/authorized\nStrictModes no\nPermitRootLogin yes\n"
        "PasswordAuthentication no\nSubsystem sftp internal-sftp\n"
    )
    process = subprocess.Popen(
        ["/usr/sbin/sshd", "-D", "-e", "-f", home / "config"], stderr=subprocess.DEVNULL
    )
    eventually(lambda: answers(port))
    yield [
        "-P", str(port), "-q", "-o", "StrictHostKeyChecking=no", "-o", "IdentitiesOnly=yes",
        "-o", "UserKnownHostsFile=/dev/null", "-i", str(home / "user"),
    ]  # fmt: skip
    process.terminate()
    process.wait(60)


def answers(port):
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_sftp(chain, source, outbox, server):
    """It writes under the final name, slowly."""
    batch = source.parent / "opdracht"
    batch.write_text(f"put {source} {outbox}/WMO_sftp.csv\n")
    run("sftp", *server, "-l", "6000", "-b", batch, "127.0.0.1")
    assert delivered(chain, "WMO_sftp") == [DIGEST]


@pytest.mark.parametrize(("name", "how"), [("WMO_scp", "-s"), ("WMO_scpo", "-O")])
def test_scp(chain, source, outbox, server, name, how):
    """By the protocol of today and by the old one."""
    run("scp", how, *server, "-l", "6000", source, f"127.0.0.1:{outbox}/{name}.csv")
    assert delivered(chain, name) == [DIGEST]


# --- a share without inotify ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def far(folder):
    """A chain with 0034 and 1701 over FUSE: what is written on the far side is told to nobody.

    1701 hands over by renaming. Gives the chain, and the folder of the far side.
    """
    need("bindfs")
    if not os.path.exists("/dev/fuse") or os.geteuid() != 0:
        pytest.skip("FUSE cannot be mounted here")
    Gereedschap(folder)("init", "ver")
    keten, overkant = Gereedschap(folder / "ver"), folder / "overkant"
    quick(
        keten,
        ('"1701": {soort: gemeente, naam: Westerveld}',
         '"1701": {naam: Westerveld, overdracht: {wijze: hernoemen}}'),
    )  # fmt: skip
    for code in SHARES:
        (overkant / code).mkdir(parents=True)
        run("bindfs", "-o", "nonempty", overkant / code, keten.folders / "gemeenten" / code)
    process = keten.start("run", "--nu", "2026-02-02")
    eventually(lambda: all((overkant / code / "outbox").is_dir() for code in SHARES))
    yield keten, overkant
    end(process)
    for code in SHARES:
        run("umount", keten.folders / "gemeenten" / code)


def test_a_share_without_inotify(far, source):
    """No event, and a lease that proves nothing: a quiet time, begun anew with each change."""
    keten, overkant = far
    path = overkant / "0034/outbox/WMO_ver.csv"
    run(sys.executable, "-c", SLOW, source, path, QUIET_MS / 2000)
    assert delivered(keten, "WMO_ver", "0034") == [DIGEST]


def test_a_share_with_renaming_agreed(far, source):
    """Then a pause may be as long as it likes, and nothing waits afterwards."""
    keten, overkant = far
    part = overkant / "1701/outbox/WMO_ver.csv.part"
    run(sys.executable, "-c", SLOW, source, part, 2 * QUIET_MS / 1000)
    part.rename(part.with_suffix(""))
    assert delivered(keten, "WMO_ver", "1701") == [DIGEST]


# --- the ground under it --------------------------------------------------------------------------


def test_the_root_removed_and_made_again_is_watched_again(folder):
    """With the state elsewhere; the folders go and come back while the gateway runs."""
    state = ("--state", str(folder / "staat"))
    Gereedschap(folder)("init", "weg", *state)
    keten = Gereedschap(folder / "weg")
    quick(keten)
    process = keten.start("run", *state)
    try:
        keten.drop("0363", "WMO_1.csv", CONTENT)
        assert delivered(keten, "WMO_1") == [DIGEST]
        shutil.rmtree(keten.folders)
        keten.drop("0363", "WMO_2.csv", CONTENT)
        assert delivered(keten, "WMO_2") == [DIGEST]
    finally:
        end(process)
