# SPDX-License-Identifier: EUPL-1.2
"""Make ``docs/uitwisselingen.md``: the shipped exchanges, as ``config.yaml`` has them."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.config import Config, Uitwisseling
from gateway.sjabloon import EIGEN

_HEAD = """\
# The exchanges that are shipped

<!-- Made by `make docs` from config.yaml; change it there. -->

All of these run over the same stations by `config.yaml` alone: the fifteen rows of section 9 of the
PSA (CBS's count of July 2015), and two other receivers that show that nothing is made for CBS.
Which setting does what: [config.md](config.md). How to add one:
[howto-add-exchange.md](howto-add-exchange.md).

What is ours, where the sources say nothing:

- **RINIS codes: all of them.** The PSA says that RINIS must give each kind of exchange a code for
  its folders (chapter 7), and gives none. Fill in theirs when they are known.
- **A code for each kind of party.** The remarks beside rows 7 and 8 name provinces and water boards
  as berichtgevers; that the former is about rows 1 to 7 alike is our reading, as is that each kind
  has a folder of its own. A party is a code and a kind; the sources give no codes of provinces and
  water boards, so they are chosen: four digits that no municipality has.
- **File names**, where the source column says `namen van ons`. The PSA gives those of GMSD's three
  files, QSD301 that of Vektis.
- **Ways back.** Section 9 names downloads for rows 8 to 13 and 15, chapter 5 the reports of GMSD.
  For the others nothing comes back. Any type of file does, on any way back.
- **Vektis and CAK**: QSD301 really goes through Vektis's own portal (Vektis looked into
  Inlichtingenbureau as a way); the PSA names a pilot with CAK. Only the routing is modelled.

In `name`, `*` is any text and `[...]` may be absent; letter case does not count.
"""

_OWN_NAME = """\
Under `{stam}_{nn}{ext}` a file keeps its name, and the two digits in which it ends are its number.
When that name was delivered before, by whatever municipality, and even if it lies there no more,
the file gets the next number of its stem; so does a name that ends in none. After 99 comes 100. The
number says nothing to a report on its way back: that is never an answer to one delivery.
"""


def pagina(config: Config) -> str:
    """Give the text of the page."""
    parts = [_HEAD]
    for richting, title in (
        ("heen", "## Heen: to the receiver"),
        ("retour", "## Retour: back to the sender"),
    ):
        ours = [one for one in config.uitwisselingen.values() if one.richting == richting]
        far = "receiver" if richting == "heen" else "from"
        head = f"| exchange | aanlevering | who | {far} | RINIS code | name "
        head += "| period | volume | source |"
        rows = "\n".join([head, "|---" * 9 + "|", *(_row(one, config) for one in ours)])
        parts.append(f"{title}\n\n{rows}\n")
    own = [f"`{one.id}`" for one in config.heen if one.naamsjabloon == EIGEN]
    parts.append(f"## A name of their own: {', '.join(own)}\n\n{_OWN_NAME}")
    return "\n".join(parts)


def _row(one: Uitwisseling, config: Config) -> str:
    codes = [f"`{one.rinis_code}`"]
    codes += [f"{soort} `{code}`" for soort, code in one.rinis_codes.items()]
    cells = [
        f"`{one.id}`<br>{one.naam}",
        f"`{one.aanlevering}`" if one.aanlevering else "",
        ", ".join(one.codes),
        config.ontvangers[one.tegenpartij].organisatie,
        "<br>".join(codes),
        "<br>".join(_names(one)),
        one.periode,
        one.volume,
        one.bron,
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _names(one: Uitwisseling) -> Iterator[str]:
    yield from (f"`{text}`" for text in one.patronen)
    yield from (f"not `{text}`" for text in one.behalve)
