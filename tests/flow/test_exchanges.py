# SPDX-License-Identifier: EUPL-1.2
"""An exchange is added by YAML alone, and runs through the installed command; no Python."""

import envelopes

HEEN = """
  proef:
    naam: Proef, een nieuwe uitwisseling
    rinis_code: PROEF01
    richting: heen
    ontvanger: svb
    patronen: ["PrOef-{jaar}_{gemeentecode}_*.{ext}", "PROEF {vrij}"]
    behalve: ["*concept*"]
    naamsjabloon: "{gemeentecode}-{volgnummer:02d}-{stam}{ext}"
    vensters: melden
    max_bytes: 2000

  proef-terug:
    naam: Proef, plausibiliteit
    rinis_code: PROEF02
    richting: retour
    afzender: svb
    patronen: ["PLAUS_{gemeentecode}_{uitvraag}[_{volgnummer}].{ext}"]
    antwoord_op: [proef]

  # Retour: from CBS to the municipality."""

VENSTER = """
vensters:
  H12099:
    - cyclus: "2099"
      van: 2099-07-01
      tot: 2099-07-31
"""


def with_proef(knooppunt):
    knooppunt.configure(
        ("\n  # Retour: from CBS to the municipality.", HEEN),
        (
            "    organisatie: CBS\n",
            "    organisatie: CBS\n  svb:\n    naam: SVB\n    organisatie: SVB\n",
        ),
        ("\nvensters:\n", VENSTER),
    )
    knooppunt("config", "check")
    knooppunt("init")


def test_an_exchange_of_yaml_alone_goes_there_and_back(knooppunt):
    """New patterns, code, template, receiver, window and way back: dropped, delivered, answered."""
    with_proef(knooppunt)
    assert (knooppunt.folders / "gemeenten/0363/outbox/proef").is_dir()
    assert (knooppunt.folders / "svb/uit/PROEF02").is_dir()
    knooppunt.drop("0363", "proef-2025_0363_eerste.XLSX", b"werkblad")
    knooppunt.drop("0034", "PROEF H12099 vrij.csv", b"vrij")
    knooppunt.drop("0363", "elke naam.pdf", b"pdf", "proef", "a.accountant")
    knooppunt.drop("0363", "PROEF-2025_0363_concept.xlsx", b"concept")
    knooppunt.drop("0363", "PROEF-2025_0363_groot.xlsx", b"x" * 2001)
    knooppunt.installed("run", "--once", "--nu", "2099-07-15")
    inbox = knooppunt.folders / "svb/in/PROEF01"
    content = {
        p.name: p.read_bytes() for p in inbox.iterdir() if p.is_file() and p.suffix != ".xml"
    }
    assert sorted(content.values()) == [b"pdf", b"vrij", b"werkblad"]
    assert "0034-01-PROEF H12099 vrij.csv" in content
    [number] = [n for n in (1, 2) if f"0363-{n:02d}-proef-2025_0363_eerste.XLSX" in content]
    assert f"0363-{3 - number:02d}-elke naam.pdf" in content
    record = envelopes.read_metagegevens(
        (inbox / "0034-01-PROEF H12099 vrij_metagegevens.xml").read_bytes()
    )
    assert (record.uitwisseling, record.gemeentecode) == ("proef", "0034")
    refused = [
        p.read_text("utf-8")
        for p in (knooppunt.folders / "gemeenten/0363/inbox").glob("*_weigering_*.txt")
    ]
    assert len(refused) == 2
    assert any("geen-uitwisseling" in text for text in refused)
    assert any("IB007" in text for text in refused)

    [message] = knooppunt.installed_json("trace", "elke naam.pdf")["messages"]
    assert (message["uitwisseling"], message["status"]) == ("proef", "acknowledged")
    (knooppunt.folders / f"svb/uit/PROEF02/PLAUS_0363_H12099_{number:04d}.xlsx").write_bytes(
        b"plaus"
    )
    (knooppunt.folders / "svb/uit/PROEF02/PLAUS_0034_H22098.xlsx").write_bytes(b"plaus")
    knooppunt.installed("run", "--once")
    assert (
        knooppunt.folders / f"gemeenten/0363/inbox/PLAUS_0363_H12099_{number:04d}.xlsx"
    ).exists()
    assert (knooppunt.folders / "gemeenten/0034/inbox/PLAUS_0034_H22098.xlsx").exists()
    [back] = knooppunt.installed_json("trace", "PLAUS_0034_H22098.xlsx")["messages"]
    assert (back["uitwisseling"], back["direction"], back["status"]) == (
        "proef-terug",
        "retour",
        "acknowledged",
    )
    knooppunt.installed("audit", "verify")


def test_a_report_of_the_new_exchange_answers_its_delivery(knooppunt):
    """The way back finds the delivery by municipality, uitvraag and number: answers_to names it."""
    with_proef(knooppunt)
    knooppunt.configure(('    patronen: ["PrOef', '    patronen: ["PROEF_{uitvraag}_*", "PrOef'))
    knooppunt.drop("0363", "PROEF_H12099_x.csv", b"x")
    knooppunt("run", "--once", "--nu", "2099-07-15")
    [heen] = knooppunt.json("trace", "PROEF_H12099_x.csv")["messages"]
    assert heen["uitvraag"] == "H12099"
    (knooppunt.folders / "svb/uit/PROEF02/PLAUS_0363_H12099_0001.pdf").write_bytes(b"%PDF")
    knooppunt("run", "--once")
    [back] = knooppunt.json("trace", "PLAUS_0363_H12099_0001.pdf")["messages"]
    assert back["answers_to"] == heen["referentienummer"]


def test_the_window_of_the_new_exchange_is_enforced(knooppunt):
    """With vensters: afdwingen the new exchange refuses outside its new window."""
    with_proef(knooppunt)
    proef = '    naamsjabloon: "{gemeentecode}-{volgnummer:02d}-{stam}{ext}"\n    vensters: '
    knooppunt.configure((f"{proef}melden", f"{proef}afdwingen"))
    knooppunt.configure(('    patronen: ["PrOef', '    patronen: ["PROEF_{uitvraag}_*", "PrOef'))
    knooppunt.drop("0363", "PROEF_H12099_x.csv", b"x")
    knooppunt("run", "--once", "--nu", "2099-08-01T00:30")
    [heen] = knooppunt.json("trace", "PROEF_H12099_x.csv")["messages"]
    assert heen["status"] == "rejected"
    [text] = (knooppunt.folders / "gemeenten/0363/inbox").glob("*_weigering_*.txt")
    assert "31 juli 2099" in text.read_text("utf-8")
