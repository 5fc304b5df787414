# SPDX-License-Identifier: EUPL-1.2
"""What a command goes by when config.yaml on the disk is not what the gateway goes by."""

import pytest

from gateway import held
from gateway.current import in_use
from gateway.errors import ConfigError
from gateway.setup import shipped_config
from gateway.testing import Keten
from tests.flow.conftest import Gereedschap, eventually
from tests.flow.test_quarantine import decide, held_id
from tests.flow.test_reload import BAD

TEXT = shipped_config().decode()
WIDER = TEXT.replace('patronen: ["WMO_*"]', 'patronen: ["WMO_*", "vakantie*"]')
NOT_IN_FORCE = "config.yaml on the disk is not in force, or not yet; this goes by the one that is"
LAST = "this goes by the one that was in force last"


def quarantined(knooppunt):
    """The one folder in quarantine, when there is one."""
    rows = knooppunt.json("quarantine", "list", code=None)["held"]
    return rows[0]["id"] if rows else None


def order(action, *ids, chosen=""):
    return held.Order(action, "ada", "omdat", chosen, list(ids), held.Filter())


def test_operators_act_on_a_gateway_that_goes_by_the_old_one(knooppunt):
    """A bad file on the disk is no reason that nothing can be looked at, or released."""
    process = knooppunt.start("run")
    knooppunt.drop("0363", "vakantie.csv", b"kop\n")
    eventually(lambda: quarantined(knooppunt))
    folder = quarantined(knooppunt)
    (knooppunt.folder / "config.yaml").write_text(BAD)
    eventually(lambda: knooppunt.json("status")["config"]["refused"])
    for words in (
        ("status", "--check"), ("status", "--waiting"), ("usage",), ("purge",),
        ("quarantine", "show", folder), ("why", "folders/gemeenten/0363/outbox/vakantie.csv"),
        ("quarantine", "release", folder, "--as", "wmo", "--reason", "belde", "--dry-run"),
        ("quarantine", "release", folder, "--as", "wmo", "--reason", "belde"),
    ):  # fmt: skip
        done = knooppunt(*words, code=None)
        assert done.returncode in (0, 1), (words, done)
        assert NOT_IN_FORCE in done.stderr, words
        if words[0] == "quarantine":
            assert done.returncode == 0, (words, done)
    cbs = knooppunt.folders / "cbs/in/GMSDWMO"
    eventually(lambda: list(cbs.glob("*.csv")))
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_dry_run_judges_as_the_gateway_will(keten):
    """By what is in force: not by what lies on the disk and is not taken over yet."""
    keten.drop("0363", "vakantie.csv", b"kop\n")
    keten.settle()
    folder = held_id(keten)
    path = keten.folder / "config.yaml"
    path.write_text(WIDER)
    said = []
    plan = held.plan(keten.location, in_use(keten.location, said.append), order("release", folder))
    assert [NOT_IN_FORCE in line for line in said] == [True]
    assert plan.refused == decide(keten, "release", folder)["refused"] != []
    assert keten.reconfigure(WIDER)
    said.clear()
    plan = held.plan(keten.location, in_use(keten.location, said.append), order("release", folder))
    assert said == []
    assert [row["id"] for row in plan.would] == [folder]
    assert decide(keten, "release", folder)["refused"] == []


def test_where_no_gateway_runs_the_disk_counts_and_the_store_helps_out(knooppunt):
    """What can be looked at is; what must be done says that the configuration is to be mended."""
    knooppunt.drop("0363", "vakantie.csv", b"kop\n")
    knooppunt("run", "--once")
    folder = quarantined(knooppunt)
    path = knooppunt.folder / "config.yaml"
    path.write_text(WIDER)
    plan = ("quarantine", "release", folder, "--reason", "belde")
    done = knooppunt(*plan, "--dry-run")
    assert LAST not in done.stderr
    path.write_text(BAD)
    for words in (("status",), ("status", "--check"), ("usage",), ("quarantine", "show", folder)):
        done = knooppunt(*words, code=None)
        assert done.returncode in (0, 1), (words, done)
        assert "cannot be used: one fault" in done.stderr, words
        assert LAST in done.stderr, words
    done = knooppunt(*plan, "--as", "wmo", code=2)
    assert "`richting` is overdwars" in done.stderr
    assert quarantined(knooppunt) == folder


def test_without_a_state_the_fault_itself_is_told(knooppunt):
    """There is nothing else to go by."""
    (knooppunt.folder / "config.yaml").write_text(BAD)
    for path in (knooppunt.folders / ".state").glob("knooppunt.db*"):
        path.unlink()
    assert "`richting` is overdwars" in knooppunt("status", code=2).stderr


def test_a_schema_that_went_away_leaves_the_disk(tmp_path):
    """The text in force cannot be understood any more: the one on the disk can, or says why not."""
    with_schema = TEXT.replace("schema: publicatiebesluit.xsd", "schema: eigen.xsd")
    assert with_schema != TEXT
    (tmp_path / "keten/schemas").mkdir(parents=True)
    own = tmp_path / "keten/schemas/eigen.xsd"
    own.write_text('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
                   '<xs:element name="x"/></xs:schema>')  # fmt: skip
    with Keten(tmp_path / "keten", config=with_schema) as keten:
        path = keten.folder / "config.yaml"
        own.unlink()
        path.write_text(TEXT)
        assert in_use(keten.location).uitwisselingen["besluit"].schema_ == "publicatiebesluit.xsd"
        path.write_text(BAD)
        with pytest.raises(ConfigError, match="one fault"):
            in_use(keten.location)


def test_a_configuration_that_is_gone_is_to_be_put_back_wherever_one_stands(knooppunt, tmp_path):
    """In a folder below, and with a state elsewhere: never `init`, which would write another."""
    elsewhere = str(tmp_path / "elders")
    knooppunt("run", "--once")
    knooppunt("run", "--once", "--state", elsewhere)
    path = knooppunt.folder / "config.yaml"
    path.unlink()
    below = Gereedschap(knooppunt.folders / "gemeenten" / "0363")
    own = str(knooppunt.folders / ".state")
    for typed, words, state in (
        (knooppunt, (), own),
        (below, (), own),
        (knooppunt, ("--state", elsewhere), elsewhere),
        (below, ("--state", elsewhere), elsewhere),
        (below, ("--config", str(path)), own),
        (below, ("--config", str(path), "--state", elsewhere), elsewhere),
    ):
        said = typed("status", *words, code=2).stderr
        assert f"a chain has its state in {state}: put its config.yaml back" in said, words
        assert "knooppunt init DIR" not in said
    for path in knooppunt.folders.glob(".state/knooppunt.db*"):
        path.unlink()
    assert "knooppunt init DIR" in below("status", code=2).stderr  # no chain here
