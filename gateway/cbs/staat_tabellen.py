# SPDX-License-Identifier: EUPL-1.2
"""The tables of the counterpart's own state: what CBS took, found, decided and still has to send.

Moments are text, RFC 3339 in UTC with milliseconds, so that they sort.
"""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA_VERSION = 1
"""Written into the database; one of a newer version is refused, never guessed at."""

metadata = sa.MetaData()

meta = sa.Table(
    "meta", metadata, sa.Column("key", sa.Text, primary_key=True), sa.Column("value", sa.Text)
)
"""Settings of this state: how far its clock runs from the machine's."""

levering = sa.Table(
    "levering",
    metadata,
    sa.Column("nummer", sa.Integer, primary_key=True),
    sa.Column("toestand", sa.Text, nullable=False, index=True),
    sa.Column("reden", sa.Text, nullable=False, default=""),
    sa.Column("hapert", sa.Text, nullable=False, default=""),
    sa.Column("pogingen", sa.Integer, nullable=False, default=0),
    # what was seen in the inbox
    sa.Column("rinis_code", sa.Text, nullable=False),
    sa.Column("uitwisseling", sa.Text, nullable=False),
    sa.Column("naam", sa.Text, nullable=False),
    sa.Column("ino", sa.Integer, nullable=False),
    sa.Column("archief", sa.Text, nullable=False),
    sa.Column("gezien_op", sa.Text, nullable=False),
    # what its metagegevens say, or else its name
    sa.Column("referentienummer", sa.Text, index=True),
    sa.Column("metagegevens", sa.LargeBinary),
    sa.Column("afzender", sa.Text, nullable=False),
    sa.Column("origineel", sa.Text, nullable=False),
    sa.Column("uitvraag", sa.Text, nullable=False),
    sa.Column("volgnummer", sa.Integer),
    sa.Column("upload", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False, default=""),
    # what came of it
    sa.Column("controle", sa.Text),
    sa.Column("gecontroleerd_op", sa.Text),
)
"""Every file that was taken. ``toestand``: gezien, genomen, gecontroleerd; herhaling (came before),
terzijde (nobody can be answered, ``reden``), weg (taken back before we had it). ``hapert`` says why
it cannot go on now, and is tried again."""

gegevensset = sa.Table(
    "gegevensset",
    metadata,
    sa.Column("nummer", sa.Integer, primary_key=True),
    sa.Column("levering", sa.Integer, nullable=False, index=True),
    sa.Column("plaats", sa.Integer, nullable=False),
    sa.Column("soort", sa.Text, nullable=False),
    sa.Column("gemeentecode", sa.Text, nullable=False),
    sa.Column("uitvraag", sa.Text, nullable=False),
    sa.Column("moment", sa.Text, nullable=False),
    sa.Column("goedgekeurd", sa.Boolean, nullable=False),
    sa.Column("afzender", sa.Text, nullable=False),
    sa.Column("in_zip", sa.Boolean, nullable=False),
    sa.Column("aanvaard", sa.Boolean, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("hoeveelste", sa.Integer, nullable=False),
    sa.Column("opmerkingen", sa.Text, nullable=False),
    sa.Column("cijfers", sa.Text),
    sa.Index("van_gemeente", "gemeentecode", "uitvraag", "soort"),
)
"""Every checked file: a delivery, or a member of a ZIP (``plaats`` in it, from 1; 0 for none)."""

besluit = sa.Table(
    "besluit",
    metadata,
    sa.Column("nummer", sa.Integer, primary_key=True),
    sa.Column("gemeentecode", sa.Text, nullable=False),
    sa.Column("uitvraag", sa.Text, nullable=False),
    sa.Column("besluit", sa.Text, nullable=False),
    sa.Column("omvang", sa.Text, nullable=False),
    sa.Column("moment", sa.Text, nullable=False),
    sa.Column("afzender", sa.Text, nullable=False),
    sa.Column("toelichting", sa.Text, nullable=False, default=""),
    sa.Column("geldig", sa.Boolean, nullable=False),
    sa.Column("effect", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("zin", sa.Text, nullable=False),
)
"""Every decision, by the number of its delivery, with what it came to."""

antwoord = sa.Table(
    "antwoord",
    metadata,
    sa.Column("nummer", sa.Integer, primary_key=True),
    sa.Column("sleutel", sa.Text, nullable=False, unique=True),
    sa.Column("toestand", sa.Text, nullable=False, index=True),
    sa.Column("soort", sa.Text, nullable=False),
    sa.Column("uitwisseling", sa.Text, nullable=False),
    sa.Column("rinis_code", sa.Text, nullable=False),
    sa.Column("naam", sa.Text, nullable=False),
    sa.Column("gemeentecode", sa.Text, nullable=False),
    sa.Column("uitvraag", sa.Text, nullable=False),
    sa.Column("levering", sa.Integer),
    sa.Column("gegevensset", sa.Integer),
    sa.Column("op", sa.Text, nullable=False),
    sa.Column("reden", sa.Text, nullable=False, default=""),
    sa.Column("hapert", sa.Text, nullable=False, default=""),
    # fixed when it is drawn up: from these the same bytes can be made again
    sa.Column("moment", sa.Text),
    sa.Column("invoer", sa.Text),
    sa.Column("pogingen", sa.Integer, nullable=False, default=0),
    # fixed when it is promised
    sa.Column("sha256", sa.Text),
    sa.Column("tmp", sa.Integer),
    sa.Column("verzonden_op", sa.Text),
)
"""Every answer. ``sleutel`` is what it answers, so that nothing is answered twice; ``op`` is when
it is due. ``toestand``: gepland, opgesteld, beloofd, verzonden; mislukt (``reden``). ``tmp`` is the
inode of the folder that it was staged in: only while that is there does absence prove anything."""
