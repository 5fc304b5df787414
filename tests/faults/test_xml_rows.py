# SPDX-License-Identifier: EUPL-1.2
"""Rows 60-67: XML that the chain parses itself, through the whole chain.

Each lies in a hop folder as an envelope of another system, with a good one behind it: the first is
held with its reason, the second is delivered. The limits by themselves are tested with
``envelopes.read`` (tests/unit/test_envelopes_berichten.py).
"""

import gzip
import http.server
import re
import subprocess
import sys
import threading

import pytest

import envelopes
from gateway.testing import unbound
from tests.flow.vreemd import antwoorden, envelop
from tests.vectors import GOED, bewerk

GOOD = GOED["heen"]
DECL = b'<?xml version="1.0" encoding="UTF-8"?>'
HEADER = b"<soap:Header>"
REF = "0c6f3e1a-7b52-4d1e-9a40-5f2d8c9b1e01"


def in_header(content):
    """The good message with this in its SOAP Header."""
    return bewerk(GOOD, HEADER, HEADER + content)


def behind(declared):
    """The good message behind other declarations; ``&x;`` in it is what they declare."""
    return bewerk(bewerk(GOOD, DECL, DECL + declared), b">Amsterdam<", b">&x;<")


def through(keten, data, name="vreemd.xml"):
    """Lay it in the hop folder, a good one behind it; what was said of it in reden.txt.

    The good one must be delivered; of the other nothing.
    """
    hop = keten.hop("ggk/uit")
    (hop / name).write_bytes(data)
    (hop / "zgoed.xml").write_bytes(envelop(tijd="20270101100000000", payload=b"goed\n"))
    keten.settle()
    assert [one.content for one in keten.received("wmo")] == [b"goed\n"]
    [held] = keten.quarantine()
    assert (held / name).read_bytes() == data
    return (held / "reden.txt").read_text("utf-8")


LAUGHS = b"<!DOCTYPE l [<!ENTITY a0 'ha'>" + b"".join(
    b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12)
) + b"<!ENTITY x '&a11;'>]>"  # fmt: skip
QUADRATIC = b"<!DOCTYPE l [<!ENTITY a '" + b"x" * 100_000 + b"'><!ENTITY x '" + b"&a;" * 50_000
QUADRATIC += b"'>]>"


@pytest.mark.parametrize("bomb", [LAUGHS, QUADRATIC], ids=["laughs", "quadratic"])
def test_row_60_entities_that_multiply(keten, bomb):
    """Refused for the DOCTYPE alone: nothing is expanded."""
    assert "DOCTYPE" in through(keten, behind(bomb))


DEEP = b'<x xmlns="urn:x">' * 100_000 + b"</x>" * 100_000
ATTRIBUTES = b"<x " + b" ".join(b'a%d="1"' % n for n in range(200_000)) + b"/>"
TEXT = b'<x xmlns="urn:x">' + b"t" * 11_000_000 + b"</x>"


@pytest.mark.parametrize(
    ("content", "limit"),
    [(DEEP, "elementen diep"), (ATTRIBUTES, "attributen")],
    ids=["depth", "attributes"],
)
def test_row_63_depth_and_attributes(keten, content, limit):
    """100,000 deep, 200,000 attributes: refused by that limit."""
    assert limit in through(keten, in_header(content))


def test_row_63_a_long_text_is_within_the_limit_of_a_message(keten):
    """11 MB of text in a message passes as far as 25 MB do; above, it is refused by size."""
    assert "IB007" in through(keten, in_header(TEXT * 3))


MEASURE = """
import re, sys
from pathlib import Path
import envelopes
for path in sys.argv[1:]:
    try:
        envelopes.read(Path(path).read_bytes())
    except envelopes.EnvelopeError as error:
        print(error.code)
    else:
        print("read")
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(int(peak[1]) // 1024)
"""
"""Its peak since it was started: ``ru_maxrss`` begins with that of whoever started it."""


def test_row_60_and_63_cost_little_memory(tmp_path):
    """All of them in one process of its own: under 200 MB, where each is refused."""
    bombs = {
        "laughs": behind(LAUGHS), "quadratic": behind(QUADRATIC), "deep": in_header(DEEP),
        "attributes": in_header(ATTRIBUTES), "gzip": gzip.compress(b"<a>" * 30_000_000),
    }  # fmt: skip
    paths = []
    for name, data in bombs.items():
        paths.append(tmp_path / name)
        paths[-1].write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *paths], capture_output=True, text=True, check=True
    )
    *codes, megabytes = done.stdout.split()
    assert codes == ["RIN001"] * len(bombs)
    assert int(megabytes) < 200


class _Counter(http.server.BaseHTTPRequestHandler):
    hits = 0

    def do_GET(self):
        """Count it."""
        type(self).hits += 1
        self.send_error(404)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def counter():
    """A server on the loopback address that nobody should ask for anything: gives its URL."""
    server = http.server.HTTPServer(("127.0.0.1", 0), _Counter)
    _Counter.hits = 0
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/x".encode()
    server.shutdown()
    server.server_close()
    thread.join()


XXE = {
    "file": b'<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    "http": b'<!DOCTYPE l [<!ENTITY x SYSTEM "URL">]>',
    "parameter entity": b'<!DOCTYPE l [<!ENTITY % p SYSTEM "URL"> %p;]>',
    "external DTD": b'<!DOCTYPE l SYSTEM "URL">',
    "public DTD": b'<!DOCTYPE l PUBLIC "-//X//Y" "URL">',
}


@pytest.mark.parametrize("how", XXE)
def test_row_61_external_entities(keten, counter, how):
    """Refused for the DOCTYPE; nothing is fetched, and no file is read."""
    said = through(keten, behind(XXE[how].replace(b"URL", counter)))
    assert "DOCTYPE" in said
    assert "root:" not in said
    assert _Counter.hits == 0


XSI = b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
HINTS = {
    "schemaLocation": b'<x xmlns="urn:x" ' + XSI + b'xsi:schemaLocation="urn:x URL"/>',
    "no namespace": b'<x xmlns="" ' + XSI + b'xsi:noNamespaceSchemaLocation="URL"/>',
    "XInclude": b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="URL"/>',
}


@pytest.mark.parametrize("how", HINTS)
def test_row_62_hints_to_elsewhere(keten, counter, how):
    """What points elsewhere is content: nobody follows it, not for reading nor for telling why."""
    hint = HINTS[how].replace(b"URL", counter)
    (keten.hop("ggk/uit") / "a.xml").write_bytes(in_header(hint))
    keten.settle()
    keten.reconfigure(unbound())
    besluit = b'<publicatiebesluit xmlns="urn:knooppunt:publicatiebesluit:1">' + hint
    keten.drop("0034", "BESLUIT_H22025.xml", besluit + b"</publicatiebesluit>")
    keten.settle()
    assert keten.notices("0034", "weigering")  # with problems for people: the other XSD engine
    assert _Counter.hits == 0


@pytest.mark.filterwarnings("ignore::xmlschema.XMLSchemaImportWarning")
def test_row_62_a_schema_that_imports_from_elsewhere(tmp_path, counter):
    """A schema of an exchange that imports over http is no schema; nothing is fetched."""
    path = tmp_path / "eigen.xsd"
    for word in (b'import namespace="urn:y"', b"include"):
        path.write_bytes(
            b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:' + word
            + b' schemaLocation="' + counter
            + b'"/><xs:element name="a" type="xs:int"/></xs:schema>'
        )  # fmt: skip
        try:
            assert envelopes.check(str(path), b"<a>1</a>") == []
        except ValueError as error:
            assert "schema" in str(error)
    assert _Counter.hits == 0


TEXT_OF_GOOD = GOOD.decode()
DISGUISED = {
    "gzip": gzip.compress(GOOD),
    "UTF-16": TEXT_OF_GOOD.replace("UTF-8", "UTF-16").encode("utf-16"),
    "UTF-16 without a mark": TEXT_OF_GOOD.replace("UTF-8", "UTF-16").encode("utf-16-le"),
    "UTF-7": TEXT_OF_GOOD.replace("UTF-8", "UTF-7").encode("utf-7"),
    "EBCDIC": TEXT_OF_GOOD.replace("UTF-8", "cp500").encode("cp500"),
    "byte order mark": b"\xef\xbb\xbf" + GOOD,
    "says Latin-1, is UTF-8": GOOD.replace(b"UTF-8", b"ISO-8859-1"),
    "says UTF-8, is Latin-1": GOOD.replace(b">Amsterdam<", b">\xc9tten<"),
    "says ASCII, is not": GOOD.replace(b"UTF-8", b"US-ASCII").replace(
        b">Amsterdam<", ">Étten<".encode()
    ),
}


@pytest.mark.parametrize("how", DISGUISED)
def test_row_64_another_encoding_than_utf_8(keten, how):
    """Refused, and nothing is unpacked or guessed at."""
    assert "RIN001" in through(keten, DISGUISED[how])


FORBIDDEN = {
    "NUL": b"\x00",
    "NUL as a reference": b"&#0;",
    "U+FFFE": "\ufffe".encode(),
    "U+FFFE as a reference": b"&#xFFFE;",
    "a lone surrogate": "\ud800".encode("utf-8", "surrogatepass"),
    "a lone surrogate as a reference": b"&#xD800;",
}
FIELDS = {
    "organisatie": b"<StUF:organisatie>0363<",
    "functie": b"<StUF:functie>GMSDWMO<",
    "gebruiker": b"<StUF:gebruiker>b.bakker<",
    "naam": b"<mg:naam>WMO_H22025_gestuurd door Bea.csv<",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_row_65_characters_that_xml_forbids(keten, what):
    """In any field of an envelope: refused, with the line where it stands."""
    for number, field in enumerate(FIELDS.values()):
        data = bewerk(GOOD, field, field[:-1] + FORBIDDEN[what] + b"<")
        line = 1 + data[: data.index(FORBIDDEN[what])].count(b"\n")
        (keten.hop("ggk/uit") / f"{number}.xml").write_bytes(data)
        keten.settle()
        [held] = [p for p in keten.quarantine() if (p / f"{number}.xml").exists()]
        said = (held / "reden.txt").read_text("utf-8")
        assert re.search(rf"\b{line}\b", said), (field, said)
    assert keten.received("wmo") == []


def test_row_66_cut_anywhere_two_roots_or_bytes_behind(keten):
    """Every 97th byte through the chain (each byte: unit/test_envelopes_berichten.py)."""
    hop, cuts = keten.hop("ggk/uit"), range(1, len(GOOD.rstrip()), 97)
    for cut in cuts:
        (hop / f"{cut:06d}.xml").write_bytes(GOOD[:cut])
    more = [GOOD + GOOD[len(DECL) :], GOOD + b"<x/>", GOOD + b"x", GOOD + b"\x00", GOOD + GOOD]
    for number, data in enumerate(more):
        (hop / f"meer{number}.xml").write_bytes(data)
    keten.settle()
    assert keten.received("wmo") == []
    assert len(keten.quarantine()) == len(cuts) + len(more)


def test_row_67_what_stands_twice(keten):
    """Two numbers, headers, messages, Bodies or metagegevens: refused, whichever one is right."""
    number = b"<StUF:referentienummer>" + REF.encode() + b"</StUF:referentienummer>"
    other = number.replace(b"0c6f", b"1c6f")
    message = re.search(rb"<GGK:envelopHeen.*</GGK:envelopHeenbericht-ggk_Di01>", GOOD, re.S)[0]
    header = re.search(rb"<GGK:stuurgegevens>.*</GGK:stuurgegevens>", GOOD, re.S)[0]
    block = re.search(rb"<mg:metagegevens.*</mg:metagegevens>", GOOD, re.S)[0]
    body = re.search(rb"<soap:Body>.*</soap:Body>", GOOD, re.S)[0]
    hop = keten.hop("ggk/uit")
    doubled = 0
    for part in (number, header, message, block, body):
        changed = part.replace(number, other).replace(b"GMSDWMO", b"GMSDSBO")
        for twice in (part + part, part + changed, changed + part):
            doubled += 1
            (hop / f"dubbel{doubled}.xml").write_bytes(bewerk(GOOD, part, twice))
    wrapped = bewerk(GOOD, HEADER, HEADER + b'<w xmlns="urn:w">' + message + b"</w>")
    (hop / "zz-ingepakt.xml").write_bytes(wrapped)  # in the Header it is content of nobody
    keten.settle()
    assert len(keten.quarantine()) == doubled
    assert [one.content for one in keten.received("wmo")] == [b"kopregel\nsynthetisch\nregel\n"]
    assert set(antwoorden(keten).values()) == {"RIN001", "Bv03"}
