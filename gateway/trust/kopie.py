# SPDX-License-Identifier: EUPL-1.2
"""What of the trust domains a backup of the state holds: who is who, and what is public.

Without it a restored gateway could not tell whose a seal is, and a new ``init`` would begin another
PKI. The private keys are not in it: each domain keeps its own.
"""

from __future__ import annotations

import os

from gateway import durable
from gateway.trust.pki import KEY_FILE, PUBLIC_DIR, PUBLIC_FILE
from gateway.trust.sleutels import PSEUDONIEMEN, VERTROUWEN, lees


def bewaar(state: str, directory: str) -> None:
    """Copy it into a backup."""
    _kopieer(state, directory)


def zet_terug(state: str, directory: str) -> None:
    """Copy back what the state lacks; what is there may be newer, and stays."""
    _kopieer(directory, state)


def _kopieer(source: str, target: str) -> None:
    folder = os.path.join(source, VERTROUWEN)
    if not os.path.isdir(folder):
        return
    durable.make_dir(os.path.join(target, VERTROUWEN), PUBLIC_DIR)
    wanted = [(os.path.join(VERTROUWEN, one), PUBLIC_FILE) for one in sorted(os.listdir(folder))]
    for name, mode in [*wanted, (PSEUDONIEMEN, KEY_FILE)]:
        there = os.path.join(source, name)
        if os.path.isfile(there) and not os.path.exists(os.path.join(target, name)):
            durable.put(os.path.join(target, name), lees(there), mode)
