# SPDX-License-Identifier: EUPL-1.2
"""Ask the engine to do something once, and wait for its answer; whether a gateway runs or not.

Where one runs, it finds the request in its next round. Where none does, we take the state's lock
and do that round ourselves, for no station: nothing new is taken from any outbox, but what the
request leads to is finished as far as the next folder. Two commands at once: one of them gets the
lock and does both.
"""

from __future__ import annotations

import json
import os
from typing import Any

from gateway import durable, requests
from gateway.chain import Chain
from gateway.errors import GatewayError, StateError
from gateway.location import Location
from gateway.moment import Clock, monotonic, pause
from gateway.owner import must_own, user_name
from gateway.store_queries import Reader

PATIENCE_SECONDS = 30.0
"""How long to wait for a gateway that runs: it answers within a second unless it is stuck."""

POLL_SECONDS = 0.05


def asker() -> str:
    """Who types: the login name; of the person behind ``sudo``, where that was used.

    Not proof of anything: whoever may write in the state may say what he likes.
    """
    behind = os.environ.get("SUDO_USER", "")
    if behind:
        return behind
    return user_name(os.getuid())


def ask(
    location: Location, kind: str, body: dict[str, Any], patience: float = PATIENCE_SECONDS
) -> dict[str, Any]:
    """Have the engine do this once; its answer.

    Raises ``GatewayError`` with what the engine said when it would not, and when it gave no answer
    in time: the request then stands, and is done when the gateway goes on. ``StateError`` when the
    state is another user's: he could not read what we ask, nor go on with what we would do.
    """
    must_own(location.state)
    asked = requests.Asked(Clock().fresh_ulid(), kind, body)
    with Reader(location.database) as reader:  # no state: said before anything is asked
        requests.place(location.state, asked)
        answer = _wait(location, reader, asked.id, patience)
    if "error" in answer:
        raise GatewayError(answer["error"], hint=answer.get("hint", ""))
    return answer


def _wait(location: Location, reader: Reader, id_: str, patience: float) -> dict[str, Any]:
    deadline = monotonic() + patience
    while True:
        found = reader.answer(id_)
        if found is not None:
            answer: dict[str, Any] = json.loads(found)
            return answer
        if _do_it_ourselves(location):
            continue
        if monotonic() >= deadline:
            raise GatewayError(
                f"the gateway that runs on {location.state} gave no answer in {patience:g} s",
                hint="the request stands, and is done once when it goes on; is it stuck? "
                "Look with: knooppunt status",
            )
        pause(POLL_SECONDS)


def _do_it_ourselves(location: Location) -> bool:
    """Do all that is asked, unless a gateway runs: False then."""
    try:
        lock = durable.lock(os.path.join(location.state, "lock"))
    except StateError:
        return False
    with Chain(location, (), lock=lock) as chain:
        chain.run_once()
    return True
