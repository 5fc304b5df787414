# SPDX-License-Identifier: EUPL-1.2
"""Envelopes there and back, and what strangers may send."""

import gzip
import hashlib
import http.server
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from envelopes import (
    Bestand,
    BuildError,
    Envelop,
    EnvelopeError,
    Gebruiker,
    Limits,
    Metagegevens,
    Parameters,
    Stuurgegevens,
    Systeem,
    build,
    compose,
    draadnaam,
    read,
    xml_veilig,
)
from tests.vectors import GOED, bewerk

REF = "0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01"
CROSS = "6a1d2f40-93c8-4b7e-8f15-0d3e7a6c5b02"
SG = Stuurgegevens(
    "Di01",
    Systeem("0363", "Wmo Suite", "Amsterdam", "b.bakker"),
    Systeem("CBS", "GGk"),
    REF,
    "20260202100000000",
    None,
    "GMSDWMO",
)
ENVELOP = Envelop(SG, b"1;2;3\n", "WMO.csv")


def weigering(data: bytes, limits: Limits | None = None) -> EnvelopeError:
    with pytest.raises(EnvelopeError) as e:
        read(data, limits or Limits())
    return e.value


tekens = st.characters(exclude_categories=["Cs"]).filter(lambda c: xml_veilig(c) == c)


def tekst(minimum: int, maximum: int) -> st.SearchStrategy[str]:
    return st.text(tekens, min_size=minimum, max_size=maximum)


namen = st.from_regex(r"[A-Za-z0-9\-._]{4,255}", fullmatch=True)
systemen = st.builds(
    Systeem,
    st.sampled_from(["0363", "0034", "CBS", "54540051", 'Een & <ander> "ding"']),
    tekst(3, 50),
    tekst(0, 50),
    tekst(0, 100),
)
referenties = st.uuids(version=4).map(str)
metagegevens = st.builds(
    Metagegevens,
    st.just(REF),
    st.just("0363"),
    tekst(1, 100),
    st.none() | tekst(1, 100),
    st.just("2026-02-02T09:59:58.120+01:00"),
    st.builds(
        Gebruiker, tekst(1, 200), st.sampled_from(["map", "zegel"]), st.none() | tekst(1, 99)
    ),
    st.builds(
        Bestand,
        tekst(1, 255),
        tekst(1, 255),
        st.integers(0, 2**40),
        st.just("0" * 64),
        tekst(1, 50),
    ),
    st.none() | st.sampled_from([b"<a/>", b'<s:a xmlns:s="urn:s"><!-- x -->\r\n<b c="1" /></s:a>']),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    zender=systemen,
    ontvanger=systemen,
    functie=st.sampled_from(["GMSDWMO", "X"]),
    retour=st.booleans(),
    payload=st.binary(min_size=1, max_size=500),
    naam=st.none() | namen,
    meta=st.none() | metagegevens,
    trace=st.none() | st.just("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    parameters=st.builds(Parameters, *[st.from_regex(r"[0-9]{4}", fullmatch=True)] * 4),
)
def test_there_and_back(
    zender: Systeem,
    ontvanger: Systeem,
    functie: str,
    retour: bool,
    payload: bytes,
    naam: str | None,
    meta: Metagegevens | None,
    trace: str | None,
    parameters: Parameters,
) -> None:
    """Whatever may stand in an envelope comes out as it went in."""
    code, cross = ("Du01", CROSS) if retour else ("Di01", None)
    sg = Stuurgegevens(code, zender, ontvanger, REF, "20260202100000000", cross, functie)
    envelop = Envelop(sg, payload, naam, meta, trace, parameters)
    terug = read(build(envelop))
    assert terug == envelop
    assert re.fullmatch("[0-9a-f]{64}", terug.body_digest)
    data, gelezen = compose(envelop)
    assert data == build(envelop)
    assert (gelezen, gelezen.body_digest) == (terug, terug.body_digest)


@pytest.mark.parametrize(
    "fout",
    [
        replace(ENVELOP, payload=b""),
        replace(ENVELOP, bestandsnaam="WMO H2.csv"),
        replace(ENVELOP, bestandsnaam="a.c"),
        replace(ENVELOP, traceparent="abc"),
        replace(ENVELOP, parameters=Parameters("1")),
        replace(ENVELOP, stuurgegevens=replace(SG, berichtcode="Lk01")),
        replace(ENVELOP, stuurgegevens=replace(SG, cross_refnummer=CROSS)),
        replace(ENVELOP, stuurgegevens=replace(SG, berichtcode="Du01")),
        replace(ENVELOP, stuurgegevens=replace(SG, functie=None)),
        replace(ENVELOP, stuurgegevens=replace(SG, functie="GMSDWMO-00010004")),
        replace(ENVELOP, stuurgegevens=replace(SG, referentienummer=REF.upper())),
        replace(ENVELOP, stuurgegevens=replace(SG, tijdstip_bericht="20260230")),
        replace(ENVELOP, stuurgegevens=replace(SG, zender=Systeem("363", "App"))),
        replace(ENVELOP, stuurgegevens=replace(SG, zender=Systeem("0363", "Ap\x00p"))),
        replace(ENVELOP, stuurgegevens=replace(SG, zender=Systeem("0363", "Ap\udcffp"))),
        replace(ENVELOP, payload=b"x" * (19 * 1024 * 1024 + 1024 * 1024)),
    ],
)
def test_cannot_build_what_would_be_refused(fout: Envelop) -> None:
    """A fault of ours is ours, before anything is sent; the payload is not in the message."""
    with pytest.raises(BuildError) as e:
        build(fout)
    assert "1;2;3" not in str(e.value)


def test_the_digest_is_of_the_message_alone() -> None:
    """Header blocks, prefixes around the message and comments do not change it; content does."""
    goed = GOED["heen"]
    digest = read(goed).body_digest
    zelfde = [
        goed.replace(b"soap:", b"env:").replace(b"xmlns:soap", b"xmlns:env"),
        goed.replace(b"mg:", b"q:").replace(b":mg=", b":q="),
        re.sub(rb"<soap:Header>.*</soap:Header>", b"", goed, flags=re.S),
        goed.replace(b"<soap:Envelope ", b'<soap:Envelope xmlns:x="urn:x" '),
        goed.replace(b"<GGK:bericht>", b"<GGK:bericht><!-- c -->"),
    ]
    for data in zelfde:
        assert data != goed
        assert read(data).body_digest == digest
    assert read(goed.replace(b"20260202100000000", b"20260202100000001")).body_digest != digest
    assert read(goed.replace(b"a29wcm", b"a29wcn")).body_digest != digest


def test_any_prefix_and_a_default_namespace() -> None:
    """Prefixes are free: no prefix at all, or every one another."""
    goed = GOED["heen"]
    anders = goed.replace(b"GGK:", b"").replace(b"xmlns:GGK", b"xmlns")
    anders = anders.replace(b"StUF:", b"ns2:").replace(b"xmlns:StUF", b"xmlns:ns2")
    assert anders.replace(b"xmlnsns2", b"") == anders
    assert read(anders) == read(goed)


@pytest.mark.parametrize("naam", ["heen", "retour"])
def test_cut_anywhere_is_refused(naam: str) -> None:
    """Cut at each byte up to the last tag's end: refused, never an exception of another kind."""
    goed = GOED[naam].rstrip()
    for n in range(len(goed)):
        assert weigering(goed[:n]).code in ("RIN001",), n


def test_other_encodings_and_wrappings() -> None:
    """UTF-16, UTF-32, EBCDIC, UTF-7, gzip, ZIP: refused, nothing is unpacked."""
    tekst = GOED["heen"].decode()
    for codering in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp500", "utf-7"):
        data = tekst.replace("UTF-8", codering).encode(codering)
        assert weigering(data).code == "RIN001", codering
    assert "gzip" in weigering(gzip.compress(GOED["heen"])).details
    assert "ZIP" in weigering(b"PK\x03\x04" + GOED["heen"]).details
    # bytes above 127 in what says it is ASCII
    data = bewerk(GOED["heen"], b">Amsterdam<", b">\xc3\x89tten<")
    read(data)
    assert weigering(data.replace(b"UTF-8", b"US-ASCII")).code == "RIN001"


def _in_kop(inhoud: bytes) -> bytes:
    return bewerk(GOED["heen"], b"<soap:Header>", b"<soap:Header>" + inhoud)


@pytest.mark.parametrize(
    ("data", "waarom"),
    [
        (b"<a>" * 100_000 + b"</a>" * 100_000, "diep"),
        (_in_kop(b'<x xmlns="urn:x">' * 100_000 + b"</x>" * 100_000), "diep"),
        (b"<a " + b" ".join(b'a%d="1"' % n for n in range(200_000)) + b"/>", "attributen"),
        (_in_kop(b'<x xmlns="urn:x" a="1"/>' * 9_999), "elementen"),
        (_in_kop(b'<x xmlns="urn:x" b="" c=""/>' * 7_000), "attributen"),
        (b"<a>" + b"x" * 11_000_000 + b"</a>", "ander element"),
        (
            b"<!DOCTYPE l [<!ENTITY a0 'ha'>"
            + b"".join(b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12))
            + b"]><l>&a11;</l>",
            "DOCTYPE",
        ),
        (b"<!DOCTYPE l [<!ENTITY a '" + b"x" * 100_000 + b"'>]><l>" + b"&a;" * 100_000 + b"</l>",
         "DOCTYPE"),
        (b"<!DOCTYPE l [<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;]><l/>", "DOCTYPE"),
    ],
    ids=["depth", "depth-2", "attributes", "elements", "attributes-2", "text", "laughs",
         "quadratic", "parameter-entity"],
)  # fmt: skip
def test_bombs_are_refused_soon(data: bytes, waarom: str) -> None:
    """Each within a second, by its limit."""
    begin = time.process_time()
    e = weigering(data)
    assert time.process_time() - begin < 1
    assert e.code == "RIN001"
    assert waarom in e.details


def test_limits_are_the_callers() -> None:
    """Each limit can be set, and refuses by itself."""
    goed = GOED["heen"]
    assert weigering(goed, Limits(bytes=len(goed) - 1)).code == "IB007"
    read(goed, Limits(bytes=len(goed)))
    assert "diep" in weigering(goed, Limits(depth=3)).details
    assert "elementen" in weigering(goed, Limits(elements=20)).details
    assert "attributen" in weigering(goed, Limits(attributes=2)).details


class _Teller(http.server.BaseHTTPRequestHandler):
    hits = 0

    def do_GET(self) -> None:
        type(self).hits += 1
        self.send_error(404)


@pytest.fixture
def loket() -> Iterator[str]:
    server = http.server.HTTPServer(("127.0.0.1", 0), _Teller)
    _Teller.hits = 0
    draad = threading.Thread(target=server.serve_forever, daemon=True)
    draad.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_nothing_is_fetched(loket: str) -> None:
    """External DTD, entity, XInclude and schemaLocation: no request leaves."""
    url = loket.encode()
    goed = GOED["heen"]
    kop = b'<?xml version="1.0" encoding="UTF-8"?>'
    xsi = b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x '
    weigering(bewerk(goed, kop, kop + b'<!DOCTYPE x SYSTEM "' + url + b'">'))
    weigering(bewerk(goed, kop, kop + b'<!DOCTYPE x [<!ENTITY a SYSTEM "' + url + b'">]>'))
    xi = b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="' + url + b'"/>'
    read(_in_kop(xi))
    read(_in_kop(b'<x xmlns="urn:x" ' + xsi + url + b'x.xsd"/>'))
    assert _Teller.hits == 0


def test_two_metagegevens_are_refused() -> None:
    """The same block twice, with one id or with two: nobody may choose which one counts."""
    blok = re.search(rb"<mg:metagegevens.*</mg:metagegevens>", GOED["heen"], re.S)
    assert blok
    for tweede in (blok.group(), blok.group().replace(REF.encode(), CROSS.encode())):
        assert "twee keer" in weigering(_in_kop(tweede)).details


def test_a_refusal_can_be_addressed() -> None:
    """The header comes with the error, if it is there, even if it is cut or too big."""
    goed = GOED["heen"]
    for data, limits in (
        (goed[:-30], Limits()),
        (goed, Limits(bytes=100)),
        (bewerk(goed, b"<StUF:functie>GMSDWMO</StUF:functie>", b""), Limits()),
        (bewerk(goed, b"<StUF:functie>GMSDWMO<", b"<GGK:functie>GMSDWMO<"), Limits()),
    ):
        sg = weigering(data, limits).stuurgegevens
        assert sg is not None
        assert sg.zender == SG.zender
        assert sg.referentienummer == REF
    assert weigering(b"<a/>").stuurgegevens is None
    assert weigering(goed[: goed.index(b"<StUF:functie>")]).stuurgegevens is not None
    assert weigering(goed[: goed.index(b"<StUF:ontvanger>")]).stuurgegevens is None


def test_no_answer_is_addressed_to_an_answer() -> None:
    """A Bv03 or Fo03 where an envelope belongs is refused, without an address to refuse it to."""
    for naam in ("bv03", "fo03"):
        e = weigering(GOED[naam])
        assert e.code == "StUF025"
        assert e.stuurgegevens is None


def test_eighteen_megabytes_pass_in_little_memory() -> None:
    """The largest legal payload is built and read in a process of its own under 250 MB."""
    script = (
        "from envelopes import *\n"
        f"sg = {SG!r}\n"
        "data = build(Envelop(sg, bytes(18_700_000), 'groot.zip'))\n"
        "assert len(read(data).payload) == 18_700_000\n"
        # VmHWM and not ru_maxrss: the latter is inherited from pytest through fork and exec.
        "peak = next(x for x in open('/proc/self/status') if x.startswith('VmHWM'))\n"
        "print(int(peak.split()[1]) // 1024)\n"
    )
    uit = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert uit.returncode == 0, uit.stderr
    assert int(uit.stdout) < 250


def test_stands_alone() -> None:
    """Importing and using it loads nothing of the gateway."""
    script = (
        "import sys, envelopes\n"
        "assert not [m for m in sys.modules if m.split('.')[0] == 'gateway']\n"
        "assert all(hasattr(envelopes, n) for n in envelopes.__all__)\n"
    )
    uit = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert uit.returncode == 0, uit.stderr


@pytest.mark.parametrize(
    ("naam", "wordt"),
    [
        ("WMO_H22025.csv", "WMO_H22025.csv"),
        ("WMO H2 é.csv", "WMO_H2__.csv"),
        ("a", "___a"),
        ("", "____"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("x" * 300 + ".csv", "x" * 251 + ".csv"),
        ("x" * 300, "x" * 255),
    ],
)
def test_names_on_the_wire(naam: str, wordt: str) -> None:
    """Any name becomes one that may stand in an envelope."""
    assert draadnaam(naam) == wordt
    read(build(replace(ENVELOP, bestandsnaam=wordt)))


@given(st.text())
def test_any_text_can_be_made_safe(tekst: str) -> None:
    """After xml_veilig any text goes there and back; what was safe stays as it was."""
    veilig = xml_veilig(tekst)
    assert xml_veilig(veilig) == veilig
    sg = replace(SG, zender=Systeem("0363", "App", "", veilig[:100]))
    assert read(build(replace(ENVELOP, stuurgegevens=sg))).stuurgegevens == sg


def test_bytes_of_a_name_are_shown_as_bytes() -> None:
    """A name that is no UTF-8 shows its bytes."""
    assert xml_veilig(b"caf\xe9\x00.csv".decode("utf-8", "surrogateescape")) == r"caf\xe9\x00.csv"
    assert xml_veilig("\ud800\ufffe") == r"\ud800\ufffe"


@pytest.mark.parametrize(
    "geschreven",
    [
        "AAECAwQF\n  BgcICQ==\n",
        "AAECAwQF&#13;\n\tBgcICQ==",
        "<![CDATA[AAECAwQF]]>BgcICQ==",
        "AAEC<!-- >AAAA</ -->AwQFBgcICQ==",
    ],
)
def test_the_digest_is_that_of_the_whole_canonical_message(geschreven):
    """The base64 is not made canonical with the rest; another's tool, which does, says the same."""
    data = build(replace(ENVELOP, payload=bytes(range(10)))).decode()
    data = data.replace("AAECAwQFBgcICQ==", geschreven)
    assert geschreven in data
    whole = etree.fromstring(data.encode(), etree.XMLParser(remove_comments=True))
    canonical = etree.tostring(whole[-1][0], method="c14n", exclusive=True, with_comments=False)
    assert read(data.encode()).body_digest == hashlib.sha256(canonical).hexdigest()
