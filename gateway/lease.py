# SPDX-License-Identifier: EUPL-1.2
"""Does anybody have a file open for writing? The kernel knows, for files on a disk of our own.

What this does not protect against: a file system of another kind that grants a lease and knows
only the writers on this machine. Those that we know are listed in ``REMOTE``.
"""

from __future__ import annotations

import ctypes
import fcntl
import signal

_libc = ctypes.CDLL(None, use_errno=True)

REMOTE = {
    0x65735546: "fuse",  # bindfs, sshfs, virtiofs, ...
    0x6969: "nfs",
    0xFF534D42: "cifs",
    0xFE534D42: "smb2",
    0x517B: "smb",
    0x01021997: "9p",
    0x00C36400: "ceph",
    0x5346414F: "afs",
    0x0BD00BD0: "lustre",
    0x47504653: "gpfs",
    0x786F4256: "vboxsf",
}
"""File systems (statfs ``f_type``) whose writers may be elsewhere: there a lease proves nothing."""


class _Statfs(ctypes.Structure):
    _fields_ = (("f_type", ctypes.c_long), ("rest", ctypes.c_char * 248))


def has_no_writer(fd: int) -> bool | None:
    """Does nobody have this file open for writing? None where the kernel cannot tell us.

    A read lease is granted only then; it needs the file's owner or CAP_LEASE, and a local file
    system. The lease is given back at once. Its break signal is SIGIO, which would end the
    process: SIGURG, which nobody minds, is asked for instead. On a share a writer that we see is
    one, but none that we see is no answer.
    """
    try:
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return False
    except OSError:
        return None
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return None if is_remote(fd) else True


def is_remote(fd: int) -> bool:
    """Whether a file lies on a file system that other machines, or programs, write to as well."""
    found = _Statfs()
    if _libc.fstatfs(fd, ctypes.byref(found)) != 0:
        return True
    return found.f_type & 0xFFFFFFFF in REMOTE
