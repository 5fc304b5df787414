# SPDX-License-Identifier: EUPL-1.2
"""The rules as a page: ``docs/cbs-controle.md``, made from the tables in ``protocollen/``."""

from __future__ import annotations

from gateway.cbs.model import Ernst
from gateway.cbs.protocol import Protocol, Regel, protocollen

_KOP = """\
# What CBS checks

<!-- Made by `make docs` from gateway/cbs/protocollen/ -->

`knooppunt cbs check FILE` does what the simulated CBS does with a file: the technical check of the
aanleverprotocol, in three steps. A file is judged on the first step that it fails, so it can be
rejected several times. A **fout** rejects it; a **signaal** is only reported. Of the faults on one
field only the first is told, in the order of these tables; each signal is. On a line with the wrong
columns no field is looked at.

Where nothing else of the text can be trusted (UTF-16, unreadable, empty, another separator) nothing
else of step 2 is told, but a byte order mark. SBO and JEUGD files are judged on their name, their
encoding, on being empty and on control characters other than a tab: nobody told us their columns.

A finding names line (the headings are line 1), column, fault and rule, and never what stood there:
that may be a BSN. The first thousand are shown; `--csv` writes all. The municipality, code by code:
the CBS list holds it on a day of the half-year, or on the day of delivery.

What is not checked: whether a BSN exists, whether a beschermd-wonen record comes from its centre
municipality (the list is not in the sources), and whether the figures are plausible: that is what
the op-orde report is for.
"""

_STAPPEN = {
    1: "Step 1: the name",
    2: "Step 2: the structure",
    3: "Step 3: the fields",
}


def pagina() -> str:
    """Give the text of the page."""
    parts = [_KOP]
    for protocol in reversed(protocollen()):
        parts += [f"## {protocol.titel}\n", _kolommen(protocol)]
        zips = [one for code, one in protocol.regels.items() if code.startswith("zip-")]
        for stap, kop in _STAPPEN.items():
            regels = [one for one in protocol.regels.values() if one.stap == stap]
            parts += [f"### {kop}\n", _regels(protocol, [one for one in regels if one not in zips])]
        parts += ["### A ZIP and its members\n", _ZIP, _regels(protocol, zips)]
        parts += ["### Code lists\n", _codelijsten(protocol)]
    return "\n".join(parts)


_ZIP = """\
The name of a ZIP begins as that of its members does, and holds no forbidden character; the
half-year is in the names of the members. Each member is judged as a file by itself; they may differ
in municipality and half-year. The ZIP is approved when all of them are. Nothing is unpacked to
disk; what is refused here is not unpacked at all.
"""


def _kolommen(protocol: Protocol) -> str:
    rows = ["| # | veld | posities | set | codelijst |", "|---|---|---|---|---|"]
    for one in protocol.kolommen:
        welke = "facultatief" if one.facultatief else "basis"
        rows.append(
            f"| {one.nummer} | {one.veld} | {one.posities} | {welke} | {one.codelijst or ''} |"
        )
    return "\n".join(rows) + "\n"


def _regels(protocol: Protocol, regels: list[Regel]) -> str:
    rows = ["| code | ernst | eis | bron |", "|---|---|---|---|"]
    for one in regels:
        cellen = f"`{one.code}`", _ernst(protocol, one), one.eis, one.bron
        rows.append("| " + " | ".join(cel.replace("|", "\\|") for cel in cellen) + " |")
    return "\n".join(rows) + "\n"


def _ernst(protocol: Protocol, regel: Regel) -> str:
    """Write a severity, with the columns that it holds for where they are named."""
    per = {
        ernst: [k.nummer for k, one in protocol.kolommen_van(regel.code) if one is ernst]
        for ernst in Ernst
    }
    said = [f"{ernst} ({_reeks(nummers)})" for ernst, nummers in per.items() if nummers]
    return "; ".join(said) or (regel.ernst or Ernst.FOUT).value


def _reeks(nummers: list[int]) -> str:
    if len(nummers) > 2 and nummers == list(range(nummers[0], nummers[-1] + 1)):
        return f"{nummers[0]}-{nummers[-1]}"
    return ", ".join(map(str, nummers))


def _codelijsten(protocol: Protocol) -> str:
    rows = ["| lijst | code | betekenis |", "|---|---|---|"]
    for naam, codes in protocol.codelijsten.items():
        rows += [f"| {naam} | {code} | {betekenis} |" for code, betekenis in codes.items()]
    return "\n".join(rows) + "\n"
