# SPDX-License-Identifier: EUPL-1.2
"""What people ask the engine: done once, answered, with a gateway running or not."""

import json
import threading

import pytest

from gateway import requests
from gateway.asking import ask
from gateway.errors import GatewayError, StateError
from gateway.location import Location
from gateway.requests import Asked, Response
from gateway.store_queries import Reader
from gateway.testing import Keten


def answer(keten, id_):
    """What was answered to a request, from the database."""
    with Reader(keten.location.database) as reader:
        found = reader.answer(id_)
    return found and json.loads(found)


def left(keten):
    """The requests that still lie there."""
    return list((keten.root / ".state" / requests.FOLDER).iterdir())


class Teller:
    """A handler of a kind of its own: counts how often it is called, in the round's transaction."""

    def __init__(self):
        self.done = []

    def __call__(self, asked, changes):
        """Do it: once more, and a row that says so."""
        if asked.body.get("refuse"):
            raise GatewayError("not today", hint="tomorrow")
        self.done.append(asked.id)
        changes.meta["told"] = ",".join(self.done)
        return Response({"times": len(self.done)})

    def told(self, keten):
        """What the database says was done."""
        with Reader(keten.location.database) as reader:
            return reader.meta("told")


@pytest.fixture
def teller(keten):
    """The handler of ``count`` in this chain."""
    return keten.handlers.setdefault("count", Teller())


def test_a_request_is_done_once_and_goes(keten, teller):
    """The answer and the effect are in the database; the file is gone."""
    requests.place(keten.location.state, Asked("01A", "count", {"a": 1}))
    keten.settle()
    assert answer(keten, "01A") == {"times": 1}
    assert teller.told(keten) == "01A"
    assert left(keten) == []


def test_what_was_done_before_a_crash_is_not_done_again(keten, teller):
    """The file of an answered request is there again, as after a kill: it goes, no more."""
    asked = Asked("01A", "count", {})
    requests.place(keten.location.state, asked)
    keten.settle()
    requests.place(keten.location.state, asked)
    keten.restart()
    keten.handlers["count"] = teller
    keten.settle()
    assert left(keten) == []
    assert teller.done == ["01A"]


def test_several_are_done_in_the_order_of_asking(keten, teller):
    """One a round, the oldest first."""
    for id_ in ("01C", "01A", "01B"):
        requests.place(keten.location.state, Asked(id_, "count", {}))
    keten.settle()
    assert teller.done == ["01A", "01B", "01C"]


def test_an_error_is_the_answer(keten, teller):
    """What a handler refuses is told with its hint, and nothing is done."""
    requests.place(keten.location.state, Asked("01A", "count", {"refuse": True}))
    keten.settle()
    assert answer(keten, "01A") == {"error": "not today", "hint": "tomorrow"}
    assert teller.told(keten) is None


RUBBISH = ("", "{", "[]", '{"kind": "onzin", "body": {}}', "\x00", "[" * 100_000,
           '{"kind": "count", "body": {"name": "\\ud800"}}')  # fmt: skip


@pytest.mark.parametrize("content", RUBBISH, ids=range(len(RUBBISH)))
def test_rubbish_is_answered_and_holds_up_nobody(keten, teller, content):
    """A file that asks nothing we know gets an answer that says so; the next is done."""
    requests.place(keten.location.state, Asked("01B", "count", {}))
    (keten.root / ".state" / requests.FOLDER / "01A.json").write_text(content)
    keten.settle()
    assert "does not know" in answer(keten, "01A")["error"]
    assert teller.done == ["01B"]
    assert left(keten) == []


def test_asking_without_a_gateway_does_it_ourselves(tmp_path):
    """Nobody holds the lock: the command does the round, and gets the answer."""
    keten = Keten(tmp_path)
    keten.close()
    with pytest.raises(GatewayError, match="does not know the request 'onzin'"):
        ask(keten.location, "onzin", {}, patience=0.0)
    assert left(keten) == []
    with Keten(tmp_path):
        pass


def test_asking_beside_a_gateway_waits_for_its_answer(keten, teller):
    """The gateway that holds the lock does it; the command only waits."""
    told = []
    person = threading.Thread(target=lambda: told.append(ask(keten.location, "count", {})))
    person.start()
    while person.is_alive():
        keten.settle()
    assert told == [{"times": 1}]
    assert len(teller.done) == 1


def test_a_gateway_that_does_not_answer_is_said_and_the_request_stands(keten, teller):
    """Out of patience: a sentence; and it is done when the gateway goes on."""
    with pytest.raises(GatewayError, match="gave no answer") as late:
        ask(keten.location, "count", {}, patience=0.0)
    assert "done once" in late.value.hint
    keten.settle()
    assert len(teller.done) == 1


def test_without_a_state_nothing_is_asked(tmp_path):
    """No chain there: said, and nothing is made."""
    location = Location.of(str(tmp_path / "config.yaml"))
    with pytest.raises(StateError, match="there is no state"):
        ask(location, "count", {})
    assert list(tmp_path.iterdir()) == []
