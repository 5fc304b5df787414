# SPDX-License-Identifier: EUPL-1.2
"""Good names of every shipped exchange, there and back: where each must go, and nowhere else."""

HEEN = {
    "wmo": [
        "WMO_H22025.csv", "WMO_H22025_0034.csv", "WMO_H12015_gestuurd door Henk.CSV",
        "wmo_h22025_gemeenteWesterveld.txt", "WMO_twee_halfjaren.zip", "WMO_0034_2017.csv",
        "WMO_0034_2017_20180710_01.txt", "WMO_H22025_0034_2017_20180710_01.csv",
    ],
    "sbo": ["SBO_H22025.csv", "sbo_H12016_x.TXT"],
    "jeugd": ["JEUGD_H22025.csv", "Jeugd_H12016_WMO_.txt"],
    "besluit": [
        "BESLUIT_H22025.xml", "OPTIN_H12016.XML", "OPTOUT_H12016.xml", "INTREKKING_H22025.xml",
        "ACCORDERING_H12016.xml",
    ],
    "iv3-kwartaal": ["IV3KWARTAAL_2025_3.xlsx", "iv3kwartaal_2025K4.csv"],
    "iv3-begroting": ["IV3BEGROTING_2026.xlsx", "Iv3Begroting_2026_nazending.csv"],
    "iv3-jaar": ["IV3JAAR_2025.xlsx", "iv3jaar_2025.xml"],
    "emu": ["EMU_2026.xlsx", "EMU_2026_SISA_.xlsx"],
    "begrotingsstukken": ["BEGROTINGSSTUKKEN_2026.pdf", "begrotingsstukken_2026_deel 2.docx"],
    "jaarstukken": ["JAARSTUKKEN_2025.pdf", "Jaarstukken_2025_IV3JAAR_.pdf"],
    "rijksfinancien": ["RIJKSFINANCIEN_2025.csv"],
    "sisa": ["SISA_2025.xlsx", "SiSa_2025_0363.xml"],
    "bijstandsdebiteuren": ["BDFS_202511.csv"],
    "bus": ["BUS_202511.csv", "bus_202511_correctie.TXT"],
    "srg": ["SRG_202511.csv"],
    "bams": ["BAMS_202511.csv"],
    "gecontracteerden": ["GECONTRACTEERDEN_H22025.xlsx"],
    "vektis": ["WMO_0034_2017_20180710_01.csv", "wmo_0363_2016_20180710_99.CSV"],
    "eigen-bijdrage": ["EB_202511.csv", "EBWMOZTH2019TABV1.csv", "ebwmozth2015-2017TABV1.sav"],
}  # fmt: skip
"""By exchange: names that a municipality may give. The first is one that everybody may send."""

NERGENS = [
    "notulen.csv", "WMO.csv", "mijn WMO_H22025.csv", "IV3_2025.xlsx", "SISATERUG_2025_0363.xlsx",
    "BUSTERUG_202511_0363_0001.csv", "BESLUIT_H22025.pdf", "EBWMO_2025.csv", "",
]  # fmt: skip
"""Names that say of no exchange that they are its own."""

TERUG = {
    "technische-terugkoppeling": "TECHNISCH_H22025_{code}_0001.{ext}",
    "technische-terugkoppeling-sbo": "TECHNISCHSBO_H22025_{code}_0001.{ext}",
    "technische-terugkoppeling-jeugd": "TECHNISCHJEUGD_H22025_{code}_0001.{ext}",
    "op-orde": "OPORDE_H22025_{code}.{ext}",
    "op-orde-zip": "OPORDEZIP_onbekend_{code}_0001_1701-H22025-01.{ext}",
    "bevestiging": "BEVESTIGING_H22025_{code}_0001.{ext}",
    "overzicht": "OVERZICHT_H22025_{code}.{ext}",
    "spiegelrapport-2": "SPIEGEL2_H12016_{code}.{ext}",
    "opt-in-verzoek": "OPTINVERZOEK_H12016_{code}.{ext}",
    "sisa-terug": "SISATERUG_2025_{code}_0001.{ext}",
    "bijstandsdebiteuren-terug": "BDFSTERUG_202511_{code}.{ext}",
    "bus-terug": "BUSTERUG_202511_{code}_0001.{ext}",
    "srg-terug": "SRGTERUG_202511_{code}.{ext}",
    "bams-terug": "BAMSTERUG_202511_{code}.{ext}",
    "gecontracteerden-lijst": "GECONTRACTEERDENLIJST_H22025_{code}.{ext}",
    "vektis-terugkoppeling": "GZSTERUG_{code}_2017_20180710_01.{ext}",
}
"""By exchange: a name that its sender gives, to be filled with a party's code and an extension."""

TYPES = {
    "pdf": b"%PDF-1.4 synthetisch", "xlsx": b"PK\x03\x04 synthetisch", "csv": b"a;b\r\n1;2\r\n",
    "xml": b"<rapport/>", "ZIP": b"PK\x05\x06" + bytes(18), "json": b"{}", "geopackage": b"SQLite",
    "bin": bytes(range(256)),
}  # fmt: skip
"""File types on the way back: whatever they are, the bytes come as they were sent."""

BEWIJZEN = {
    "ontvangstbewijs": "ONTVANGSTBEWIJS_H22025_{code}_0001.xml",
    "ontvangstbewijs-sbo": "ONTVANGSTBEWIJSSBO_H22025_{code}_0001.xml",
    "ontvangstbewijs-jeugd": "ONTVANGSTBEWIJSJEUGD_H22025_{code}_0001.xml",
    "ontvangstbewijs-besluit": "ONTVANGSTBEWIJSBESLUIT_H22025_{code}_0001.xml",
}
"""Receipts: XML alone, under a seal (tests/flow/test_receipts.py)."""
