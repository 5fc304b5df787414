# SPDX-License-Identifier: EUPL-1.2
"""``summary.html``: what a bundle proves, on a page that needs nothing but a browser.

No script, no image, no address outside the page. Text from elsewhere (a file's name) is escaped,
and characters that turn the direction of writing or cannot be seen are written out. Headings, table
heads and words beside every colour make it readable for who does not see it (WCAG 2.2 AA).
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib import resources

from gateway.evidence.verhaal import Stelling, Verhaal
from gateway.names import toonbaar

_WOORD = {
    "ja": ("✓", "te bewijzen"),
    "vast": ("•", "door het knooppunt vastgelegd"),
    "zwak": ("!", "zwak"),
    "nee": ("–", "niet in deze bundel"),
}
_ZELF = (
    "<p>Dit bestand is een samenvatting. Het bewijs zijn de andere bestanden in de bundel en het "
    "zegel erover. In <code>README.txt</code> staan de opdrachten waarmee u dat nagaat met "
    "openssl, xmlsec1 en een gewone shell, zonder programma’s van ons.</p>"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def html(told: Verhaal) -> bytes:
    """Make the page."""
    parts = [*_kop(told), "<main>", *_feiten(told), *_deel("bewijs", "Wat u eraan hebt")]
    parts += [*_stellingen(told.stellingen), "</section>", *_deel("verloop", "Wat er gebeurde")]
    parts += [*_verloop(told), "</section>", *_deel("niet", "Wat deze bundel niet bewijst"), "<ul>"]
    parts += [*(f"<li>{_t(one)}</li>" for one in told.niet), "</ul>", "</section>"]
    parts += [*_deel("delen", "Wat erin zit, en wat niet"), *_delen(told), "</section>"]
    parts += [*_deel("zelf", "Zelf nagaan"), _ZELF, "</section>", "</main>", "</body>", "</html>"]
    return "\n".join([*parts, ""]).encode()


def _kop(told: Verhaal) -> Iterable[str]:
    style = resources.files("gateway.evidence").joinpath("vorm/pagina.css").read_text("utf-8")
    yield from ("<!DOCTYPE html>", '<html lang="nl">', "<head>", '<meta charset="utf-8">')
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_t(told.titel)}: {_t(told.onder)}</title>"
    yield f"<style>\n{style}</style>"
    yield from ("</head>", "<body>", "<header>")
    yield f"<h1>{_t(told.titel)}</h1>"
    yield f"<p>{_t(told.onder)}</p>"
    yield "</header>"


def _deel(anker: str, kop: str) -> Iterable[str]:
    yield f'<section aria-labelledby="{anker}">'
    yield f'<h2 id="{anker}">{kop}</h2>'


def _feiten(told: Verhaal) -> Iterable[str]:
    yield from _deel("feiten", "Om welk bericht het gaat")
    yield "<dl>"
    for kop, waarde in told.feiten:
        yield f"<div><dt>{_t(kop)}</dt><dd>{_t(waarde)}</dd></div>"
    yield "</dl>"
    yield "</section>"


def _stellingen(found: Iterable[Stelling]) -> Iterable[str]:
    yield '<ul class="stellingen">'
    for one in found:
        sign, word = _WOORD[one.stand]
        yield f'<li class="{one.stand}">'
        yield f"<h3>{_t(one.kop)}</h3>"
        yield f'<p class="stand"><span aria-hidden="true">{sign}</span> {word}</p>'
        yield f"<p>{_t(one.tekst)}</p>"
        if one.grond:
            yield f'<p class="grond">Zie {_t(one.grond)}.</p>'
        yield "</li>"
    yield "</ul>"


def _verloop(told: Verhaal) -> Iterable[str]:
    who = any(one.wie for one in told.regels)
    heads = ["Blad", "Wanneer", "Wat", "Over", "Door station", "Uitkomst"] + ["Wie"] * who
    yield '<div class="breed" role="region" aria-label="Tabel met wat er gebeurde" tabindex="0">'
    yield "<table>"
    yield "<caption>Elke regel is een blad van het logboek. Tijden in Nederland.</caption>"
    yield "<thead><tr>" + "".join(f'<th scope="col">{one}</th>' for one in heads) + "</tr></thead>"
    yield "<tbody>"
    for one in told.regels:
        cells = [one.wat, one.over, one.waar, one.uitkomst] + [one.wie] * who
        time = f'<td><time datetime="{_t(one.utc)}">{_t(one.tijd)}</time></td>'
        row = "".join(f"<td>{_t(cell)}</td>" for cell in cells)
        yield f'<tr><th scope="row">{one.blad}</th>{time}{row}</tr>'
    yield "</tbody>"
    yield "</table>"
    yield "</div>"


def _delen(told: Verhaal) -> Iterable[str]:
    yield "<table>"
    yield "<caption>Onderdelen van de bundel</caption>"
    yield '<thead><tr><th scope="col">Onderdeel</th><th scope="col">Stand</th><th scope="col">Waarom niet</th></tr></thead>'  # noqa: E501
    yield "<tbody>"
    for name, state, why in told.delen:
        yield f'<tr><th scope="row">{_t(name)}</th><td>{_t(state)}</td><td>{_t(why)}</td></tr>'
    yield "</tbody>"
    yield "</table>"


def _t(text: str) -> str:
    return escape(toonbaar(text))
