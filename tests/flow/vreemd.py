# SPDX-License-Identifier: EUPL-1.2
"""Envelopes as another's system sends them: no header block of ours, written from the standard."""

import uuid

import envelopes
from envelopes import Envelop, Stuurgegevens, Systeem
from tests.vectors import GOED, bewerk

REF = b"0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01"
"""The referentienummer of the good heenbericht among the vectors."""


def envelop(
    ref=None,
    tijd="20260202100000000",
    payload=b"kop\nregel\n",
    *,
    terug=False,
    code=None,
    naam="WMO_H22025.csv",
    gemeente="0363",
    antwoord_op=None,
    functie=None,
    applicatie="Andere Suite",
    gebruiker="p.ander",
):
    """An envelope of another system, heen or back, with nothing in its SOAP Header."""
    heen = Systeem(gemeente, applicatie, "Gemeente", gebruiker), Systeem("CBS", "GGk")
    back = Systeem("CBS", applicatie), Systeem(gemeente, "GGk")
    sender, receiver = back if terug else heen
    header = Stuurgegevens(
        berichtcode=code or ("Du01" if antwoord_op else "Di01"),
        zender=sender,
        ontvanger=receiver,
        referentienummer=ref or str(uuid.uuid4()),
        tijdstip_bericht=tijd,
        cross_refnummer=antwoord_op,
        functie=functie or ("GMSDTTK" if terug else "GMSDWMO"),
    )
    return envelopes.build(Envelop(header, payload, naam))


def goed(**edits):
    """The good heenbericht of the vectors, with edits of one place each."""
    data = GOED["heen"]
    for old, new in edits.values():
        data = bewerk(data, old, new)
    return data


def lees_antwoord(path):
    """Read an answer in a hop folder."""
    return envelopes.read_answer(path.read_bytes())


def antwoorden(keten, hop="ggk/uit"):
    """What was answered in a hop folder: stem of the request -> (code or Bv03, answer)."""
    found = {}
    for path in sorted(keten.hop(f"{hop}/antwoord").glob("*.xml")):
        answer = lees_antwoord(path)
        stem = path.name.rsplit(".", 2)[0]
        found[stem] = answer.fout.code if answer.fout else answer.berichtcode
    return found
