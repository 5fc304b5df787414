# SPDX-License-Identifier: EUPL-1.2
"""An exchange is added by YAML alone, and runs through the installed command; no Python."""

import envelopes

HEEN = """
  sisa:
    naam: SISA, verantwoording specifieke uitkeringen
    rinis_code: SISA01
    richting: heen
    ontvanger: cak
    patronen: ["SiSa-{jaar}_{gemeentecode}_*.{ext}", "SISA {vrij}"]
    behalve: ["*concept*"]
    naamsjabloon: "{gemeentecode}-{volgnummer:02d}-{stam}{ext}"
    vensters: melden
    max_bytes: 2000

  sisa-terug:
    naam: SISA, plausibiliteit
    rinis_code: SISA02
    richting: retour
    afzender: cak
    patronen: ["PLAUS_{gemeentecode}_{uitvraag}[_{volgnummer}].{ext}"]
    antwoord_op: [sisa]

  # Retour: from CBS to the municipality."""

VENSTER = """
vensters:
  H12099:
    - cyclus: "2099"
      van: 2099-07-01
      tot: 2099-07-31
"""


def with_sisa(knooppunt):
    knooppunt.configure(
        ("\n  # Retour: from CBS to the municipality.", HEEN),
        (
            "    organisatie: CBS\n",
            "    organisatie: CBS\n  cak:\n    naam: CAK\n    organisatie: CAK\n",
        ),
        ("\nvensters:\n", VENSTER),
    )
    knooppunt("config", "check")
    knooppunt("init")


def test_an_exchange_of_yaml_alone_goes_there_and_back(knooppunt):
    """New patterns, code, template, receiver, window and way back: dropped, delivered, answered."""
    with_sisa(knooppunt)
    assert (knooppunt.folders / "gemeenten/0363/outbox/sisa").is_dir()
    assert (knooppunt.folders / "cak/uit/SISA02").is_dir()
    knooppunt.drop("0363", "sisa-2025_0363_eerste.XLSX", b"werkblad")
    knooppunt.drop("0034", "SISA H12099 vrij.csv", b"vrij")
    knooppunt.drop("0363", "elke naam.pdf", b"pdf", "sisa", "a.accountant")
    knooppunt.drop("0363", "SISA-2025_0363_concept.xlsx", b"concept")
    knooppunt.drop("0363", "SISA-2025_0363_groot.xlsx", b"x" * 2001)
    knooppunt.installed("run", "--once", "--nu", "2099-07-15")
    inbox = knooppunt.folders / "cak/in/SISA01"
    content = {
        p.name: p.read_bytes() for p in inbox.iterdir() if p.is_file() and p.suffix != ".xml"
    }
    assert sorted(content.values()) == [b"pdf", b"vrij", b"werkblad"]
    assert "0034-01-SISA H12099 vrij.csv" in content
    [number] = [n for n in (1, 2) if f"0363-{n:02d}-sisa-2025_0363_eerste.XLSX" in content]
    assert f"0363-{3 - number:02d}-elke naam.pdf" in content
    record = envelopes.read_metagegevens(
        (inbox / "0034-01-SISA H12099 vrij_metagegevens.xml").read_bytes()
    )
    assert (record.uitwisseling, record.gemeentecode) == ("sisa", "0034")
    refused = [
        p.read_text("utf-8")
        for p in (knooppunt.folders / "gemeenten/0363/inbox").glob("*_weigering_*.txt")
    ]
    assert len(refused) == 2
    assert any("geen-uitwisseling" in text for text in refused)
    assert any("IB007" in text for text in refused)

    [message] = knooppunt.installed_json("trace", "elke naam.pdf")["messages"]
    assert (message["uitwisseling"], message["status"]) == ("sisa", "acknowledged")
    (knooppunt.folders / f"cak/uit/SISA02/PLAUS_0363_H12099_{number:04d}.xlsx").write_bytes(
        b"plaus"
    )
    (knooppunt.folders / "cak/uit/SISA02/PLAUS_0034_H22098.xlsx").write_bytes(b"plaus")
    knooppunt.installed("run", "--once")
    assert (
        knooppunt.folders / f"gemeenten/0363/inbox/PLAUS_0363_H12099_{number:04d}.xlsx"
    ).exists()
    assert (knooppunt.folders / "gemeenten/0034/inbox/PLAUS_0034_H22098.xlsx").exists()
    [back] = knooppunt.installed_json("trace", "PLAUS_0034_H22098.xlsx")["messages"]
    assert (back["uitwisseling"], back["direction"], back["status"]) == (
        "sisa-terug",
        "retour",
        "acknowledged",
    )
    knooppunt.installed("audit", "verify")


def test_a_report_of_the_new_exchange_answers_its_delivery(knooppunt):
    """The way back finds the delivery by municipality, uitvraag and number: answers_to names it."""
    with_sisa(knooppunt)
    knooppunt.configure(('    patronen: ["SiSa', '    patronen: ["SISA_{uitvraag}_*", "SiSa'))
    knooppunt.drop("0363", "SISA_H12099_x.csv", b"x")
    knooppunt("run", "--once", "--nu", "2099-07-15")
    [heen] = knooppunt.json("trace", "SISA_H12099_x.csv")["messages"]
    assert heen["uitvraag"] == "H12099"
    (knooppunt.folders / "cak/uit/SISA02/PLAUS_0363_H12099_0001.pdf").write_bytes(b"%PDF")
    knooppunt("run", "--once")
    [back] = knooppunt.json("trace", "PLAUS_0363_H12099_0001.pdf")["messages"]
    assert back["answers_to"] == heen["referentienummer"]


def test_the_window_of_the_new_exchange_is_enforced(knooppunt):
    """With vensters: afdwingen the new exchange refuses outside its new window."""
    with_sisa(knooppunt)
    sisa = '    naamsjabloon: "{gemeentecode}-{volgnummer:02d}-{stam}{ext}"\n    vensters: '
    knooppunt.configure((f"{sisa}melden", f"{sisa}afdwingen"))
    knooppunt.configure(('    patronen: ["SiSa', '    patronen: ["SISA_{uitvraag}_*", "SiSa'))
    knooppunt.drop("0363", "SISA_H12099_x.csv", b"x")
    knooppunt("run", "--once", "--nu", "2099-08-01T00:30")
    [heen] = knooppunt.json("trace", "SISA_H12099_x.csv")["messages"]
    assert heen["status"] == "rejected"
    [text] = (knooppunt.folders / "gemeenten/0363/inbox").glob("*_weigering_*.txt")
    assert "31 juli 2099" in text.read_text("utf-8")
