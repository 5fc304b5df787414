# SPDX-License-Identifier: EUPL-1.2
"""The three steps in order, over one file (aanleverprotocol 2.5, step 3b).

A file is judged on the first step that it fails, so that it can be rejected several times. Steps 2
and 3 go over the same blocks side by side; as soon as step 2 finds a fault, what step 3 found is
taken back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial

import polars as pl

from gateway.cbs import codering, naam, structuur, velden
from gateway.cbs.bevindingen import Verzamelaar, Vondst, zoek
from gateway.cbs.bron import Bron, Voortgang, regelblokken, stil
from gateway.cbs.codering import Lezing
from gateway.cbs.model import EERSTE_BEVINDINGEN, Bevinding, Controle, Ernst
from gateway.cbs.protocol import Protocol, voor
from gateway.cbs.uitvoer import Uitvoer
from gateway.partijen import gemeenten
from gateway.periods import Uitvraag

DEEL = 250_000
"""Lines that are judged at once: a block of empty lines would hold millions."""

DEEL_MET_ALLES = 30_000
"""The same where every finding is wanted: there may be some twenty on a line."""

NAAST_ELKAAR = 2
"""Parts that are judged at the same time. Each takes some 100 MB."""


@dataclass(frozen=True, slots=True)
class Aanlevering:
    """What is judged: its bytes, its original name, the Dutch day of delivery, its kind."""

    bron: Bron
    naam: str
    dag: date
    soort: str


def controleer(
    wat: Aanlevering, uitvoer: Uitvoer | None = None, voortgang: Voortgang = stil
) -> Controle:
    """Judge one file that is no ZIP."""
    genoemd = naam.Naam.lees(wat.naam, voor(None).soorten[wat.soort]).uitvraag
    protocol = voor(genoemd)
    soort = protocol.soorten[wat.soort]
    lezing = codering.verken(wat.bron, voortgang)
    eerst = Verzamelaar(uitvoer)
    eerst.een(naam.beoordeel(wat.naam, soort, protocol))
    uitvraag = Uitvraag.lees(genoemd) if genoemd else None
    if eerst.aantallen or uitvraag is None:
        return _uitkomst(wat, genoemd, lezing, 1, eerst)
    eerst.een(_geheel(lezing, protocol, met_kolommen=soort.kolommen))
    if eerst.aantal(Ernst.FOUT):
        return _uitkomst(wat, genoemd, lezing, 2, eerst)
    loop = Loop(wat, lezing, protocol, uitvraag, eerst, Verzamelaar(uitvoer), voortgang)
    if not soort.kolommen:
        loop.alleen_tekens()
    else:
        loop.alles()
    if eerst.aantal(Ernst.FOUT):
        return _uitkomst(wat, genoemd, lezing, 2, eerst)
    stap = 3 if loop.derde.aantal(Ernst.FOUT) else None
    return _uitkomst(wat, genoemd, lezing, stap, eerst, loop)


def _geheel(lezing: Lezing, protocol: Protocol, *, met_kolommen: bool) -> list[Bevinding]:
    """Judge the file as a whole: of its faults only the first: the next follow from it."""
    fout: tuple[str, dict[str, str]] | None = None
    if lezing.codering == codering.UTF16:
        fout = "codering-utf16", {}
    elif lezing.codering == codering.ONLEESBAAR:
        fout = "codering-onleesbaar", {}
    elif lezing.alleen_cr:
        fout = "regeleinden-mac", {}
    elif lezing.regels <= (1 if met_kolommen else 0):
        fout = "bestand-leeg", {}
    elif met_kolommen and (teken := structuur.ander_scheidingsteken(lezing.eerste)):
        fout = "scheidingsteken", {"teken": teken}
    found = []
    for code, more in [fout] if fout else []:
        ernst = protocol.regels[code].ernst or Ernst.FOUT
        found.append(Bevinding(None, None, ernst, code, protocol.tekst(code, None, **more)))
    if lezing.bom:
        ernst = protocol.regels["byte-order-mark"].ernst or Ernst.SIGNAAL
        tekst = protocol.tekst("byte-order-mark")
        found.append(Bevinding(None, None, ernst, "byte-order-mark", tekst))
    return sorted(found, key=lambda one: one.code)


def delen(
    bron: Bron, lezing: Lezing, langste: int, voortgang: Voortgang = stil, deel: int = DEEL
) -> Iterator[pl.DataFrame]:
    """Give the lines of a readable file, some at a time: ``regel`` (from 1) and ``l``, the text."""
    volgende = 1
    for blok in regelblokken(bron, langste, voorbij=lezing.bom, voortgang=voortgang):
        tekst = codering.tekst(blok, lezing.codering)
        if tekst.endswith(b"\r"):  # no line's end without its LF: polars would take it for one
            tekst += b"\r\n"
        heel = pl.read_lines(tekst, name="l")
        regel = pl.int_range(volgende, volgende + pl.len(), dtype=pl.UInt32).alias("regel")
        heel = heel.with_columns(regel)
        volgende += heel.height
        yield from heel.iter_slices(deel)


@dataclass(frozen=True, slots=True)
class Uitslag:
    """What some lines come to. ``derde`` is None where step 2 found fault.

    ``eensgezind``: whether all rows name the municipality of the first.
    """

    tweede: Vondst
    derde: Vondst | None = None
    eensgezind: bool = True


@dataclass(slots=True)
class Loop:
    """One walk over the lines: what steps 2 and 3 find, and the municipality that the rows name."""

    wat: Aanlevering
    lezing: Lezing
    protocol: Protocol
    uitvraag: Uitvraag
    tweede: Verzamelaar
    derde: Verzamelaar
    voortgang: Voortgang
    gemeente: str = ""
    eensgezind: bool = True

    def alles(self) -> None:
        """Judge lines and fields; fields only as long as no line has a fault."""
        plaats = self.tweede.uitvoer.plaats if self.tweede.uitvoer else 0
        for uitslag in _naast_elkaar(self._werk()):
            self.eensgezind = self.eensgezind and uitslag.eensgezind
            if uitslag.derde and self.gezond:
                self.derde.bij(uitslag.derde)
            elif self.gezond:
                self.derde = Verzamelaar(self.derde.uitvoer)
                if self.derde.uitvoer:
                    self.derde.uitvoer.terug(plaats)
            self.tweede.bij(uitslag.tweede)

    def alleen_tekens(self) -> None:
        """Judge what has no known columns: it is to be text, of lines that can be read."""
        vorm = structuur.Structuur.van(self.protocol)
        for deel in self._delen():
            self.tweede.bij(zoek([(deel, vorm.zonder_kolommen)], nodig=self.tweede.nodig))

    @property
    def gezond(self) -> bool:
        """Whether step 2 found no fault so far."""
        return not self.tweede.aantal(Ernst.FOUT)

    def _delen(self) -> Iterator[pl.DataFrame]:
        langste = self.protocol.langste_regel
        deel = DEEL_MET_ALLES if self.tweede.uitvoer else DEEL
        return delen(self.wat.bron, self.lezing, langste, self.voortgang, deel)

    def _werk(self) -> Iterator[Callable[[], Uitslag]]:
        """Give the judging of each part; the first row with data tells what all are held to."""
        vorm = structuur.Structuur.van(self.protocol)
        groepen = velden.Groepen([], [])
        for deel in self._delen():
            los, rijen = self._los(deel)
            if not groepen.gewoon and rijen.height:
                groepen = velden.groepen(self._maat(rijen.head(1)))
            yield partial(self._oordeel, vorm, groepen, rijen, los)

    def _los(self, deel: pl.DataFrame) -> tuple[list[Bevinding], pl.DataFrame]:
        """Give what is found on the first line and at the very end, and the rows with data."""
        los: list[Bevinding] = []
        eerste, laatste = deel["regel"][0], deel["regel"][-1]
        if eerste == 1:
            los += structuur.kop(deel["l"][0], self.protocol)
            deel = deel.slice(1)
        if laatste == self.lezing.regels and not self.lezing.afgesloten:
            los.append(structuur.geen_enter(laatste, self.protocol))
        return los, deel

    def _oordeel(
        self, vorm: structuur.Structuur, groepen: velden.Groepen, regels: pl.DataFrame,
        los: list[Bevinding],
    ) -> Uitslag:  # fmt: skip
        met_tekens = vorm.met_tekens(regels)
        tweede = zoek(vorm.delen(met_tekens), los, nodig=self.tweede.nodig)
        if tweede.fout or not self.gezond:
            return Uitslag(tweede)
        rijen = velden.met_datums(structuur.gesplitst(regels, self.protocol), self.protocol)
        eensgezind = bool((rijen[self.protocol.kolom("gemeente").naam] == self.gemeente).all())
        apart = structuur.gesplitst(met_tekens, self.protocol)
        delen = (rijen, groepen.gewoon), (apart, groepen.bij_tekens)
        return Uitslag(tweede, zoek(delen, nodig=self.derde.nodig), eensgezind)

    def _maat(self, regel: pl.DataFrame) -> velden.Maat:
        rij = structuur.gesplitst(regel, self.protocol).row(0, named=True)
        self.gemeente = rij[self.protocol.kolom("gemeente").naam] or ""
        aanmaak = rij[self.protocol.kolom("aanmaak").naam] or ""
        dagen = self.uitvraag.eerste_dag, self.uitvraag.laatste_dag
        codes = tuple(
            code
            for code, one in gemeenten().items()
            if one.geldig_op(self.wat.dag)
            or _geldig_tussen(one.geldig_vanaf, one.geldig_tot, dagen)
        )
        return velden.Maat(self.protocol, self.uitvraag, codes, aanmaak, self.gemeente)


def _naast_elkaar(werk: Iterable[Callable[[], Uitslag]]) -> Iterator[Uitslag]:
    """Do work side by side, a few parts ahead and no more; give what comes of it in order.

    Some steps of polars use one core each, and all of them let other threads go on.
    """
    with ThreadPoolExecutor(NAAST_ELKAAR) as pool:
        bezig: deque[Future[Uitslag]] = deque()
        for een in werk:
            bezig.append(pool.submit(een))
            if len(bezig) > NAAST_ELKAAR:
                yield bezig.popleft().result()
        while bezig:
            yield bezig.popleft().result()


def _geldig_tussen(vanaf: date | None, tot: date | None, dagen: tuple[date, date]) -> bool:
    """Tell whether a code (valid until, not on, ``tot``) held on one of the days of a period."""
    return (vanaf is None or vanaf <= dagen[1]) and (tot is None or tot > dagen[0])


def _uitkomst(
    wat: Aanlevering, uitvraag: str | None, lezing: Lezing, stap: int | None, eerst: Verzamelaar,
    loop: Loop | None = None,
) -> Controle:  # fmt: skip
    """Put the verdict together; with the findings of step 3 where a file came so far."""
    samen = [eerst, loop.derde] if loop else [eerst]
    tellingen = [one for part in samen for one in part.telling()]
    eerste = [one for part in samen for one in part.eerste]
    return Controle(
        bestand=wat.naam,
        goedgekeurd=stap is None,
        stap=stap,
        uitvraag=uitvraag,
        rijen=max(lezing.regels - 1, 0) if lezing.leesbaar else 0,
        codering=lezing.codering,
        gemeentecode=loop.gemeente or None if loop and loop.eensgezind else None,
        fouten=sum(part.aantal(Ernst.FOUT) for part in samen),
        signalen=sum(part.aantal(Ernst.SIGNAAL) for part in samen),
        aantallen=tuple(tellingen),
        bevindingen=tuple(eerste[:EERSTE_BEVINDINGEN]),
    )
