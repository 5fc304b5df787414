# SPDX-License-Identifier: EUPL-1.2
"""Out of quarantine: what release and drop mean for each kind of file, once, and recorded."""

import json
import os
import shutil
import threading

import pytest

from gateway import requests, screens
from gateway.held import Filter, listed
from gateway.names import als_id, toonbaar
from gateway.quarantine import KIND
from gateway.requests import Asked
from gateway.setup import shipped_config
from gateway.store_queries import Reader
from gateway.testing import Keten
from tests.flow.test_drop import with_config
from tests.flow.test_finished import Meddler
from tests.flow.test_groot import PART, WAY, by_reference, chance
from tests.flow.vreemd import envelop


def decide(keten, action, *ids, reason="omdat", by="ada", **more):
    """Ask the engine, and give its answer."""
    id_ = f"{action}{len(ids)}{os.urandom(4).hex()}"
    body = {"action": action, "ids": list(ids), "by": by, "reason": reason, **more}
    requests.place(keten.location.state, Asked(id_, KIND, body))
    keten.settle()
    with Reader(keten.location.database) as reader:
        return json.loads(reader.answer(id_))


def released(keten, *ids, **more):
    """Release these; nothing may be refused."""
    answer = decide(keten, "release", *ids, **more)
    assert answer["refused"] == []
    return answer["done"]


def objection(keten, folder, action="release", **more):
    """Why the engine would not."""
    answer = decide(keten, action, folder, **more)
    assert answer["done"] == []
    [said] = answer["refused"]
    return said["reason"]


def types(keten, ref):
    """The events of the one delivery by this reference."""
    [message] = keten.trace(ref)
    return [event["type"] for event in message["events"]]


def archived(keten):
    """The folders in the archive."""
    folder = keten.root / "quarantaine/.archief"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def held_id(keten):
    """The one folder in quarantine."""
    [folder] = keten.quarantine()
    return folder.name


# --- a drop ---------------------------------------------------------------------------------------


def test_a_drop_that_no_rule_placed_goes_on_as_the_same_delivery(keten):
    """With the exchange chosen it reaches CBS, under its number and with its own time of upload."""
    keten.drop("0363", "vakantie.csv", b"a;b\n")
    keten.settle()
    handed_in = keten.nu
    [before] = keten.trace("vakantie.csv")
    keten.advance(days=1)
    [done] = released(keten, held_id(keten), **{"as": "wmo"})
    assert done["referentienummer"] == before["referentienummer"]
    [received] = keten.received("wmo")
    assert received.content == b"a;b\n"
    assert received.metagegevens.referentienummer == before["referentienummer"]
    assert received.metagegevens.tijdstip_upload.startswith(handed_in.strftime("%Y-%m-%dT"))
    assert types(keten, "vakantie.csv") == [
        "rejected", "notified", "released", "accepted", "relayed", "delivered", "answered",
        "acknowledged", "notified",
    ]  # fmt: skip
    [after] = keten.trace("vakantie.csv")
    assert (after["status"], after["uitwisseling"]) == ("acknowledged", "wmo")
    assert keten.quarantine() == []
    [kept] = archived(keten)
    assert [path.name for path in kept.iterdir()] == ["reden.txt"]
    assert len(keten.notices("0363", "ontvangst")) == 1


def test_without_an_exchange_it_is_not_released(keten):
    """It would only be refused again: that is said, with what to do."""
    keten.drop("0363", "vakantie.csv", b"x")
    keten.settle()
    assert "--as wmo" in objection(keten, held_id(keten))
    assert "no exchange onzin" in objection(keten, held_id(keten), **{"as": "onzin"})
    assert "no exchange op-orde" in objection(keten, held_id(keten), **{"as": "op-orde"})
    assert len(keten.quarantine()) == 1


def test_a_rule_that_was_added_since_places_it(tmp_path):
    """The configuration is that of now; the name fits, so nothing has to be chosen."""
    text = shipped_config().decode()
    with Keten(tmp_path, config=text) as keten:
        keten.drop("0363", "zorg_2026.csv", b"x")
        keten.settle()
        assert len(keten.quarantine()) == 1
    changed = text.replace('patronen: ["WMO_*"]', 'patronen: ["WMO_*", "zorg_*"]', 1)
    assert changed != text
    with Keten(tmp_path, config=changed) as keten:
        released(keten, held_id(keten))
        assert [one.name for one in keten.received("wmo")] == ["zorg_2026_0363_0001.csv"]


def test_an_empty_file_is_not_released(keten):
    """Nothing that anybody decides fills it."""
    keten.drop("0363", "WMO_H22025.csv", b"")
    keten.settle()
    assert "it is empty" in objection(keten, held_id(keten))


def test_what_is_refused_again_lies_there_again_and_can_be_released_again(keten):
    """The window is still closed: the same folder, another decision, and each is recorded."""
    keten.drop("0363", "vakantie.csv", b"x")
    keten.settle()
    folder = held_id(keten)
    keten.drop("0363", "WMO_H22025.csv", b"y")
    keten.settle()
    released(keten, folder, **{"as": "besluit"})
    assert held_id(keten) == folder
    assert types(keten, "vakantie.csv").count("rejected") == 2
    released(keten, folder, **{"as": "wmo"})
    assert "vakantie_0363_0001.csv" in [one.name for one in keten.received("wmo")]
    assert len(archived(keten)) == 2


def test_the_user_stays_who_handed_it_in(keten):
    """Released from the quarantine, the metagegevens name the same user as without a refusal."""
    keten.drop("0363", "WMO_H22025.csv", b"1")
    keten.drop("0363", "vakantie.csv", b"2")
    keten.settle()
    released(keten, held_id(keten), **{"as": "wmo"})
    users = {one.metagegevens.gebruiker for one in keten.received("wmo")}
    assert len(users) == 1


def test_a_new_file_of_the_same_name_is_another_delivery(keten):
    """Released while its owner has dropped it anew: two deliveries, each with its own bytes."""
    keten.drop("0363", "vakantie.csv", b"oud", uitwisseling="nergens")
    keten.settle()
    keten.drop("0363", "vakantie.csv", b"nieuw", uitwisseling="wmo")
    released(keten, held_id(keten), **{"as": "wmo"})
    assert sorted(one.content for one in keten.received("wmo")) == [b"nieuw", b"oud"]


def test_a_name_with_any_bytes_is_released(keten):
    """A name that is no UTF-8 comes out of quarantine as it went in."""
    keten.drop("0363", os.fsdecode(b"bad\xff.csv"), b"x")
    keten.settle()
    released(keten, held_id(keten), **{"as": "wmo"})
    [received] = keten.received("wmo")
    assert received.content == b"x"
    assert [os.fsencode(path.name) for path in keten.verzonden("0363")] == [b"bad\xff.csv"]


def test_a_file_called_reden_txt_is_released(keten):
    """The name of our own note is a name like any other."""
    keten.drop("0363", "reden.txt", b"x")
    keten.settle()
    released(keten, held_id(keten), **{"as": "wmo"})
    [received] = keten.received("wmo")
    assert received.content == b"x"


# --- once -----------------------------------------------------------------------------------------


def test_the_second_release_is_told_of_the_first(keten):
    """Also in one request, and after a restart."""
    keten.drop("0363", "vakantie.csv", b"x")
    keten.settle()
    folder = held_id(keten)
    assert len(released(keten, folder, folder, **{"as": "wmo"})) == 1
    assert "it was released already, at 2" in objection(keten, folder, **{"as": "wmo"})
    keten.restart()
    assert "it was released already, at 2" in objection(keten, folder, action="drop")
    assert len(keten.received("wmo")) == 1


def test_two_people_at_once(keten):
    """Two requests that lie there together: one is done, the other told so."""
    keten.drop("0363", "vakantie.csv", b"x")
    keten.settle()
    body = {"action": "release", "ids": [held_id(keten)], "as": "wmo", "by": "x", "reason": "y"}
    people = [
        threading.Thread(target=requests.place, args=(keten.location.state, Asked(id_, KIND, body)))
        for id_ in ("01A", "01B")
    ]
    for one in people:
        one.start()
    for one in people:
        one.join()
    keten.settle()
    with Reader(keten.location.database) as reader:
        answers = [json.loads(reader.answer(id_)) for id_ in ("01A", "01B")]
    assert [len(one["done"]) for one in answers] == [1, 0]
    assert len(keten.received("wmo")) == 1


def test_taken_away_by_hand_is_said(keten):
    """Somebody moved the file out of quarantine: there is nothing to release, or to drop."""
    keten.drop("0363", "vakantie.csv", b"x")
    keten.settle()
    folder = held_id(keten)
    shutil.rmtree(keten.root / "quarantaine" / folder)
    assert "by hand" in objection(keten, folder, **{"as": "wmo"})
    assert "there is no such file" in objection(keten, "onzin")


@pytest.mark.parametrize("missing", ["by", "reason", "action"])
def test_a_decision_without_who_or_why_is_none(keten, missing):
    """The engine itself asks for them, whatever command was used."""
    keten.drop("0363", "vakantie.csv", b"x")
    keten.settle()
    body = {"action": "drop", "ids": [held_id(keten)], "by": "x", "reason": "y"}
    del body[missing]
    requests.place(keten.location.state, Asked("01A", KIND, body))
    keten.settle()
    with Reader(keten.location.database) as reader:
        assert "who decided it, and why" in json.loads(reader.answer("01A"))["error"]
    assert len(keten.quarantine()) == 1


# --- envelopes ------------------------------------------------------------------------------------


def test_a_refused_envelope_is_judged_again(keten):
    """Late by StUF019: released it is delivered, and later ones are judged as before."""
    hop = keten.hop("ggk/uit")
    (hop / "b.xml").write_bytes(envelop(tijd="20260202110000", payload=b"later"))
    keten.settle()
    (hop / "a.xml").write_bytes(envelop(tijd="20260202100000", payload=b"eerder"))
    keten.settle()
    assert (hop / "antwoord/a.fo03.xml").exists()
    released(keten, held_id(keten))
    assert [one.content for one in keten.received("wmo")] == [b"later", b"eerder"]
    assert (hop / "antwoord/a.bv03.xml").exists()
    (hop / "c.xml").write_bytes(envelop(tijd="20260202103000", payload=b"te laat"))
    keten.settle()
    assert len(keten.quarantine()) == 1  # the sender's time has not gone back


def test_our_own_refused_delivery_ends_acknowledged(tmp_path):
    """The receiver was unknown to RINIS for a while: GGk hears the Bv03, also after a restart."""
    text = shipped_config().decode()
    with Keten(tmp_path, stations=("ggk",)) as keten:
        keten.drop("0363", "WMO_H22025.csv", b"x")
        keten.settle()
    without = text.replace("rinis_code: GMSDWMO", "rinis_code: GMSDXXX", 1)
    assert without != text
    with Keten(tmp_path, config=without) as keten:
        keten.settle()
        [message] = keten.trace("WMO_H22025.csv")
        assert message["status"] == "refused"
    with Keten(tmp_path, config=text) as keten:
        id_ = held_id(keten)
        released(keten, id_)
        keten.restart()
        keten.settle()
        [message] = keten.trace("WMO_H22025.csv")
        assert message["status"] == "acknowledged"
        assert [one.content for one in keten.received("wmo")] == [b"x"]
        assert len(keten.notices("0363", "ontvangst")) == 1


def test_the_old_refusal_is_no_news_after_a_restart(tmp_path):
    """Released and delivered, its Bv03 not yet read: the Fo03 that lies there is not taken."""
    text = shipped_config().decode()
    without = text.replace("rinis_code: GMSDWMO", "rinis_code: GMSDXXX", 1)
    with Keten(tmp_path, stations=("ggk",)) as keten:
        keten.drop("0363", "WMO_H22025.csv", b"x")
        keten.settle()
    with Keten(tmp_path, config=without) as keten:
        keten.settle()
    with Keten(tmp_path, config=text, stations=("rinis",)) as keten:
        released(keten, held_id(keten))
        [message] = keten.trace("WMO_H22025.csv")
        assert message["status"] == "delivered"
    with Keten(tmp_path, config=text) as keten:
        keten.settle()
        [message] = keten.trace("WMO_H22025.csv")
        assert message["status"] == "acknowledged"


def test_a_fault_in_the_envelope_itself_stays_one(keten):
    """What no configuration can cure is not released: the sender mends it."""
    (keten.hop("ggk/uit") / "onzin.xml").write_bytes(b"<onzin/>")
    keten.settle()
    assert "fault in the envelope itself" in objection(keten, held_id(keten))
    assert "--as chooses" in objection(keten, held_id(keten), **{"as": "wmo"})


# --- the other kinds ------------------------------------------------------------------------------


def test_after_a_name_conflict_ours_gets_the_next_number(keten):
    """The other's file stays; ours is delivered beside it, with its answer; nothing is doubled."""
    inbox = keten.root / "cbs/in/GMSDWMO"
    foreign = inbox / "WMO_H22025_0363_0001.csv"
    foreign.write_bytes(b"van een ander")
    keten.drop("0363", "WMO_H22025.csv", b"van ons")
    keten.settle()
    assert keten.notices("0363") == []
    released(keten, held_id(keten))
    assert foreign.read_bytes() == b"van een ander"
    assert (inbox / "WMO_H22025_0363_0002.csv").read_bytes() == b"van ons"
    [message] = keten.trace("WMO_H22025.csv")
    assert message["status"] == "acknowledged"
    assert len(keten.notices("0363", "ontvangst")) == 1
    assert keten.quarantine() == []
    foreign.unlink()


def test_a_file_written_to_after_it_was_taken_is_a_delivery_of_its_own(keten):
    """What was read was sent; what it became is sent on release, under a number of its own."""
    keten.happened = Meddler(keten.root / "gemeenten/0363/.claimed")
    keten.restart()
    keten.drop("0363", "WMO_H22025.csv", b"eerst")
    keten.settle()
    keten.happened = []
    keten.restart()
    released(keten, held_id(keten))
    first, second = keten.received("wmo")
    assert first.content == b"eerst"
    assert second.content.startswith(b"eerst en meer")
    one, other = keten.trace("WMO_H22025.csv")
    assert [one["status"], other["status"]] == ["acknowledged", "acknowledged"]
    assert one["referentienummer"] != other["referentienummer"]


def test_a_report_for_a_party_connected_since(tmp_path):
    """What CBS sent for a municipality that was not connected is released when it is."""
    text = shipped_config().decode()
    new = text.replace('  "1701":', '  "0599": {soort: gemeente, naam: Rotterdam}\n  "1701":', 1)
    with Keten(tmp_path, config=text) as keten:
        keten.send("op-orde", "OPORDE_H22025_0599.pdf", b"%PDF")
        keten.settle()
        assert len(keten.quarantine()) == 1
    with Keten(tmp_path, config=new) as keten:
        released(keten, held_id(keten))
        assert [path.name for path in keten.inbox("0599")] == ["OPORDE_H22025_0599.pdf"]


def test_an_orphan_is_released_with_its_exchange(keten):
    """A claimed file that the journal does not know: its name is lost, its bytes are not."""
    claimed = keten.root / "gemeenten/0363/.claimed/01ORPHAN"
    claimed.write_bytes(b"wees")
    keten.restart()
    assert held_id(keten) == "wees-01ORPHAN"
    assert "its name is lost" in objection(keten, "wees-01ORPHAN")
    released(keten, "wees-01ORPHAN", **{"as": "wmo"})
    assert [one.content for one in keten.received("wmo")] == [b"wees"]
    assert keten.quarantine() == []


ODD = [b"bad\xff", b"\xff" * 250, b"a" * 255, b"a\x1b[31m b"]


@pytest.mark.parametrize("name", ODD)
def test_an_orphan_of_any_name_is_held(keten, name):
    """It ends no start, and is listed beside the others; a person decides about it as about any."""
    claimed = os.fsencode(keten.root / "gemeenten/0363/.claimed")
    for one in (name, b"01ORPHAN"):
        with open(os.path.join(claimed, one), "wb") as file:
            file.write(b"wees")
    keten.restart()
    folders = {"wees-01ORPHAN", f"wees-{als_id(os.fsdecode(name))}"}
    rows = {one["id"]: one for one in listed(keten.location, Filter())}
    assert rows.keys() == folders
    assert {one.name for one in keten.quarantine()} == folders
    assert os.listdir(claimed) == []
    [odd] = folders - {"wees-01ORPHAN"}
    assert rows[odd]["name"] == screens.name(toonbaar(name))
    assert "its name is lost" in objection(keten, odd)
    released(keten, odd, **{"as": "wmo"})
    assert [one.content for one in keten.received("wmo")] == [b"wees"]
    assert decide(keten, "drop", "wees-01ORPHAN")["done"]
    assert keten.quarantine() == []


def test_an_orphan_that_comes_again_undoes_no_decision(keten):
    """A share that was put back twice: the second is another file, with a folder of its own."""
    claimed = keten.root / "gemeenten/0363/.claimed"
    wanted = ["wees-01ORPHAN", "wees-01ORPHAN-2", "wees-01ORPHAN-3"]
    for number, folder in enumerate(wanted):
        (claimed / "01ORPHAN").write_bytes(b"%d" % number)
        keten.restart()
        assert held_id(keten) == folder
        assert (keten.root / "quarantaine" / folder / "01ORPHAN").read_bytes() == b"%d" % number
        assert "its name is lost" in objection(keten, folder)
        if number < 2:
            assert decide(keten, "drop", folder)["done"]
    rows = listed(keten.location, Filter(everything=True))
    assert [(one["id"], one["state"]) for one in rows] == [
        *((one, "dropped") for one in wanted[:2]),
        (wanted[2], "held"),
    ]


def test_what_was_claimed_with_a_lost_file_is_listed_as_well(keten):
    """Its seal alone, say: a folder in quarantine that nobody can decide about stays for ever."""
    claimed = keten.root / "gemeenten/0363/.claimed"
    for name in ("01ORPHAN.bewijs", "02ORPHAN", "02ORPHAN.bewijs"):
        (claimed / name).write_bytes(b"x")
    keten.restart()
    rows = {one["id"]: one["name"] for one in listed(keten.location, Filter())}
    assert rows == {"wees-01ORPHAN": "01ORPHAN.bewijs", "wees-02ORPHAN": "02ORPHAN"}


def test_bytes_by_reference_come_along(tmp_path):
    """A large file after a name conflict: envelope and bytes lie in quarantine, and go on whole."""
    content = chance(3 * PART)
    with by_reference(tmp_path) as keten:
        foreign = keten.root / "cbs/in/GMSDWMO/WMO_H22025_0363_0001.csv"
        foreign.write_bytes(b"van een ander")
        keten.drop("0363", "WMO_H22025.csv", content)
        keten.settle()
        assert any(path.suffix == ".bin" for path in keten.quarantine()[0].iterdir())
        released(keten, held_id(keten))
        foreign.unlink()
        [received] = keten.received("wmo")
        assert received.name == "WMO_H22025_0363_0002.csv"
        assert received.content == content
        assert [p for p in (keten.root / "ggk/uit/groot").iterdir() if p.name[0] != "."] == []


def test_a_file_that_was_too_large_goes_by_reference_since(tmp_path):
    """Refused with IB007; since then the exchange sends large files by reference."""
    content = chance(3 * PART)
    with with_config(tmp_path, size=WAY["size"]) as keten:
        keten.drop("0363", "WMO_H22025.csv", content)
        keten.settle()
        assert types(keten, "WMO_H22025.csv")[0] == "rejected"
    with by_reference(tmp_path) as keten:
        released(keten, held_id(keten))
        assert [one.content for one in keten.received("wmo")] == [content]


# --- drop -----------------------------------------------------------------------------------------


def test_what_is_dropped_moves_to_the_archive_whole(keten):
    """The file and its reason; the delivery says so; it cannot be released any more."""
    keten.drop("0363", "vakantie.csv", b"x")
    keten.settle()
    folder = held_id(keten)
    answer = decide(keten, "drop", folder)
    assert [one["id"] for one in answer["done"]] == [folder]
    assert keten.quarantine() == []
    [kept] = archived(keten)
    assert (kept / "vakantie.csv").read_bytes() == b"x"
    assert (kept / "reden.txt").exists()
    [message] = keten.trace("vakantie.csv")
    assert message["status"] == "dropped"
    assert "it was dropped already" in objection(keten, folder, **{"as": "wmo"})


def test_who_and_why_are_committed_to_and_stand_nowhere_else(keten):
    """The leaf opens to both; neither is in the log in plain words, nor in an event."""
    keten.drop("0363", "vakantie.csv", b"x")
    keten.drop("0363", "feest.csv", b"y")
    keten.settle()
    claimed = keten.root / "gemeenten/0363/.claimed/01ORPHAN"
    claimed.write_bytes(b"wees")
    keten.restart()
    ids = [path.name for path in keten.quarantine()]
    decide(keten, "drop", *ids, by="ada.lovelace", reason="op verzoek van Jansen")
    with Reader(keten.location.database) as reader:
        rows = reader.held()
        assert len(rows) == 3
        for row in rows:
            said = reader.opened(row["decision_leaf"])
            assert (said["actor"], said["reason"]) == ("ada.lovelace", "op verzoek van Jansen")
        told = json.dumps(list(reader.tail(0)))
    keten.check()
    published = b"".join(
        path.read_bytes() for path in (keten.root / ".state/audit").rglob("*") if path.is_file()
    )
    assert b"quarantine.drop" in published
    for secret in ("lovelace", "Jansen"):
        assert secret.encode() not in published
        assert secret not in told
