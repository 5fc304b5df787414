# SPDX-License-Identifier: EUPL-1.2
"""Whose a state is: it has one user, and nobody else writes in it, not even root.

What another made there, its owner cannot read, change or remove: a request without an answer, a
database that the service cannot open. So a command that would write ends before it writes
anything, and says whom to be.

What this does not protect against: a state that was given to another user with all that is in it;
that is then his.
"""

from __future__ import annotations

import os
import pwd

from gateway.errors import StateError


def user_name(uid: int) -> str:
    """The login name of a user; his number, where he has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def must_own(state: str) -> None:
    """Raise :class:`StateError` when the state is there, and is another user's."""
    try:
        owner: int | None = os.stat(state).st_uid
    except (FileNotFoundError, NotADirectoryError):
        return  # whoever makes it owns it
    except PermissionError:
        owner = None  # it lies in a folder that is closed to us
    us = os.geteuid()
    if owner == us:
        return
    whose = "another user" if owner is None else user_name(owner)
    wanted = "NAME" if owner is None else f"'{whose}'" if whose.startswith("#") else whose
    raise StateError(
        f"the state {state} is of {whose}, and you are {user_name(us)}: nothing was done",
        hint=f"type it as the user that the gateway runs as: sudo -u {wanted} knooppunt ...",
    )
