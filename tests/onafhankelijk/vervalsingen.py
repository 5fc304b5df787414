# SPDX-License-Identifier: EUPL-1.2
"""What who holds the gateway's seal could make of a bundle; each is sealed anew by that seal.

A forgery changes the members of a bundle and says which step finds it out.
"""

import json
import re
from typing import NamedTuple

from gateway.audit import reading
from gateway.binding import cms
from gateway.trust.xmlzegel import verzegel
from tests.flow.bewijs import members, now, resealed
from tests.onafhankelijk.schil import unpacked


class Forged(NamedTuple):
    """The step by which it is found, a word of why, and how it is made."""

    step: str
    word: str
    make: object


def forged(bewijs, tmp_path, change):
    """A bundle that was changed and sealed anew; and the folder that it is unpacked in."""
    found = members(bewijs.whole)
    change(bewijs, found)
    data = resealed(found, bewijs.seal(), now())
    return data, unpacked(data, tmp_path / "bundel")


def _path(found, start):
    return next(one for one in found if one.startswith(start))


def _note(found):
    return next(one for one in found if one.endswith("/checkpoint"))


def _checkpoint(found, content):
    """Another checkpoint, in the proofs too."""
    found[_note(found)] = content
    for path in found:
        if path.endswith(".tlog-proof"):
            found[path] = found[path].partition(b"\n\n")[0] + b"\n\n" + content


def _leaves(found):
    return sorted(int(one[11:-5]) for one in found if one.startswith("log/leaves/"))


def _of_the_message(found, role="message"):
    return [one["index"] for one in json.loads(found["evidence.json"])["leaves"]
            if one["role"] == role]  # fmt: skip


def receipt_of_the_gateway(bewijs, found):
    """Signed by the gateway; that of CBS in a comment, where a search for text takes it."""
    path, seal = _path(found, "receipts/"), bewijs.seal()
    raw = found[path]
    plain = re.sub(rb"<ds:Signature.*</ds:Signature>", b"", raw, flags=re.DOTALL)
    forged = verzegel(plain, seal.key, [seal.certificate, *seal.chain])
    cert = re.search(rb"<ds:X509Certificate>(.*?)</ds:X509Certificate>", raw, re.DOTALL)[1]
    put = b"<ds:X509Data><ds:X509Certificate>%s</ds:X509Certificate>" % re.sub(rb"\s", b"", cert)
    return path, forged, put


def _receipt_comment(bewijs, found):
    path, forged, put = receipt_of_the_gateway(bewijs, found)
    end = b"</ontvangstbewijs>"
    found[path] = forged.replace(end, b"<!--%s-->%s" % (put, end))


def _receipt_other(bewijs, found):
    other = members(bewijs.make("WMO_H22025_ander.csv"))
    found[_path(found, "receipts/")] = other[_path(other, "receipts/")]


def _leaf(found, old, new):
    path = f"log/leaves/{_of_the_message(found)[0]}.json"
    assert old in found[path]
    found[path] = found[path].replace(old, new)
    return path


def _leaf_without_proof(_, found):
    at = _leaf(found, b'"loa":"loa3"', b'"loa":"loa4"')[11:-5]
    del found[next(one for one in found if one.endswith(f"/{at}.tlog-proof"))]


def _leaf_other(_, found):
    _leaf(found, b'"result":"ok"', b'"result":"no"')


def _leaf_twice(_, found):
    _leaf(found, b'"v":1}', b'"v":1,"v":1}')


def _gone(found, gone):
    index = json.loads(found["evidence.json"])
    index["leaves"] = [one for one in index["leaves"] if one["index"] != gone]
    found["evidence.json"] = json.dumps(index, ensure_ascii=False, indent=1).encode() + b"\n"
    for path in [one for one in found if one.rpartition("/")[2].split(".")[0] == str(gone)]:
        del found[path]


def _leaf_gone(_, found):
    _gone(found, _of_the_message(found)[1])


def _link_gone(_, found):
    _gone(found, _of_the_message(found, "link")[0])


def _leaf_gone_unsaid(_, found):
    del found[f"log/leaves/{_of_the_message(found)[1]}.json"]


def seal_of_the_gateway(bewijs, found):
    """The user's seal, by the gateway's key."""
    key = bewijs.seal()
    content = found[_path(found, "content/")]
    found["binding/zegel.p7s"] = cms.sign(content, key.key, key.certificate, key.chain, now())


def _stripped(count):
    def make(_, found):
        kept = found[_note(found)].splitlines(True)[:count]
        _checkpoint(found, b"".join(kept))

    return make


def _checkpoint_older(bewijs, found):
    audit = bewijs.location.audit
    size = min(reading.archived_sizes(audit))
    assert size <= _leaves(found)[-1]
    content = reading.read(audit, f"checkpoints/{size}")
    found.pop(f"{_note(found)}.tsr")
    _checkpoint(found, content)


def _proof_other(_, found):
    one, two, *_rest = [path for path in found if path.endswith(".tlog-proof")]
    found[one] = found[two]


def _openings_other(_, found):
    one, two, *_rest = [path for path in found if path.startswith("openings/")]
    found[one] = found[two]


def _opening_twice(_, found):
    path = _path(found, "openings/")
    found[path] = found[path].splitlines(True)[0] * 2


def _opening_escaped(_, found):
    """The same name in other letters: a comparison of text would pass over it."""
    path = _path(found, "openings/")
    found[path] = re.sub(
        rb'"value":"(.)', lambda one: b'"value":"\\u%04x' % ord(one[1]), found[path], count=1
    )


def _content_other(_, found):
    found[_path(found, "content/")] += b"3;4\n"


def _index(old, new):
    def make(_, found):
        assert old in found["evidence.json"]
        found["evidence.json"] = found["evidence.json"].replace(old, new)

    return make


def _time_is_a_command(_, found):
    path = f"log/leaves/{_of_the_message(found)[0]}.json"
    found[path] = re.sub(rb'"at":[0-9]+', b'"at":"N[$(touch geweest)]"', found[path])


def _time_is_octal(_, found):
    """The same digits with a zero before them: for a shell another time, months or years off."""
    path = f"log/leaves/{_of_the_message(found)[0]}.json"
    found[path] = re.sub(rb'"at":([0-9]+)', lambda one: b'"at":0' + one[1].translate(OCTAL),
                         found[path])  # fmt: skip


def _said(**changed):
    """What evidence.json says of the message, otherwise."""

    def make(_, found):
        index = json.loads(found["evidence.json"])
        index["message"] |= changed
        found["evidence.json"] = json.dumps(index, ensure_ascii=False, indent=1).encode() + b"\n"

    return make


def _no_leaf_of_it(_, found):
    index = json.loads(found["evidence.json"])
    for one in index["leaves"]:
        one["role"] = one["role"].replace("message", "answer")
    found["evidence.json"] = json.dumps(index, ensure_ascii=False, indent=1).encode() + b"\n"


def _number_is_octal(_, found):
    _leaf(found, b'"v":1}', b'"v":01}')


OCTAL = bytes.maketrans(b"89", b"77")
"""What is no digit of such a number, made one."""

OTHER = "00000000-0000-4000-8000-000000000000"
LINES = "x\nstap 99 niets: goed: verzonnen\nalles klopt"
"""Lines of the script's own, where a shell's echo reads them in a value."""


def _receipt_claimed(_, found):
    del found[_path(found, "receipts/")]


def _stray(name):
    def make(_, found):
        found[name] = b"alles is in orde\n"

    return make


STRAYS = (
    "extra/verklaring.txt", "META-INF/verklaring.xml", "content/verklaring.pdf",
    "trust/policies/policy", "receipts/verklaring.xml", "binding/verklaring.xml",
)  # fmt: skip
"""Members for nothing, each in another folder, that the manifest lists and the seal covers."""


def _stamp_other(_, found):
    found[f"{_note(found)}.tsr"] = found[f"{_note(found)}.tsr"][:-1] + b"\0"


def _another_order(_, found):
    """The first leaf of the message says who handed it in: nobody may choose which is first."""
    index = json.loads(found["evidence.json"])
    index["leaves"].reverse()
    found["evidence.json"] = json.dumps(index, ensure_ascii=False, indent=1).encode() + b"\n"


FORGED = {
    "leaves in another order": Forged("index", "volgorde", _another_order),
    "a receipt by the gateway, CBS in a comment": Forged("receipts", "noemt", _receipt_comment),
    "the receipt of another delivery": Forged("receipts", "noemt", _receipt_other),
    "a leaf changed, its proof left out": Forged("proofs", "elk blad", _leaf_without_proof),
    "a leaf changed": Forged("proofs", "leidt niet naar de wortel", _leaf_other),
    "a leaf with a field twice": Forged("leaves", "twee keer", _leaf_twice),
    "a leaf left out": Forged("chain", "ontbreekt", _leaf_gone),
    "a leaf left out, and still listed": Forged("index", "andere bladen", _leaf_gone_unsaid),
    "a user's seal by the gateway": Forged("binding", "een ander zegel", seal_of_the_gateway),
    "no leaf that says whose the pseudonym is": Forged("person", "geen blad van voor", _link_gone),
    "no cosignatures": Forged("witnesses", "niet genoeg", _stripped(5)),
    "one of two cosignatures": Forged("witnesses", "niet genoeg", _stripped(6)),
    "a checkpoint of before": Forged("proofs", "is niet van", _checkpoint_older),
    "the proof of another leaf": Forged("proofs", "is niet het bewijs", _proof_other),
    "openings of another leaf": Forged("openings", "vastgelegd", _openings_other),
    "an opening that is escaped": Forged("openings", "RFC 8785", _opening_escaped),
    "an opening twice": Forged("openings", "twee keer", _opening_twice),
    "other content": Forged("content", "niet het bestand", _content_other),
    "no leaf of the message": Forged("index", "blad", _no_leaf_of_it),
    "another party": Forged("index", "partij", _index(b': "0363",', b': "0034",')),
    "another exchange": Forged("index", "uitwisseling", _index(b': "wmo",', b': "sbo",')),
    "an exchange that is a command": Forged(
        "index", "evidence.json: uitwisseling", _index(b': "wmo",', b': "wmo/e touch geweest #",')
    ),
    "another direction, and other lines": Forged(
        "index",
        "evidence.json: referentienummer",
        _said(direction="terug", referentienummer=LINES),
    ),
    "another direction, and another reference": Forged(
        "index", "evidence.json: direction", _said(direction="terug", referentienummer=OTHER)
    ),
    "the other direction, and another reference": Forged(
        "index", "zegt heen", _said(direction="retour", referentienummer=OTHER)
    ),
    "an id that is none": Forged("index", "evidence.json: id", _said(id="een bericht")),
    "a time that is a command": Forged("index", "at is geen getal", _time_is_a_command),
    "a time that is octal": Forged("index", "at is geen getal", _time_is_octal),
    "a number that is octal": Forged("leaves", "de vorm van een blad", _number_is_octal),
    "a receipt that is not there": Forged("index", "receipts", _receipt_claimed),
    **{f"for nothing: {name}": Forged("index", name, _stray(name)) for name in STRAYS},
    "two files of content": Forged("content", "meer dan een", _stray("content/file.txt")),
    "another stamp of the log": Forged("timestamp", "tijdstempel", _stamp_other),
}
