# SPDX-License-Identifier: EUPL-1.2
"""What the clerk remembers of messages of our own: exactly as long as they are those bytes."""

import envelopes
from gateway.model import Delivery, Kind, Place
from gateway.written import WRITTEN_BYTES, Written
from tests.vectors import GOED

HOP = Place(Kind.GGK_UIT)
DATA = next(data for name, data in GOED.items() if b"Di01" in data)
READ = envelopes.read(DATA)


def _delivery(name: str = "a.xml", content: bytes = DATA) -> Delivery:
    return Delivery(HOP, name, content, read=READ)


def test_the_same_bytes_need_no_second_reading() -> None:
    """Found under its name with its bytes: what it says is known, and it is forgotten then."""
    written = Written()
    written.keep(_delivery())
    assert written.found(HOP, "a.xml", DATA) is READ
    assert written.found(HOP, "a.xml", DATA) is None


def test_changed_bytes_are_read_as_they_are() -> None:
    """Somebody replaced or cut the envelope in the hop folder: what we wrote no longer counts."""
    written = Written()
    for other in (DATA + b" ", DATA[:-1], b"", None):
        written.keep(_delivery())
        assert written.found(HOP, "a.xml", other) is None


def test_another_name_or_place_is_another_file() -> None:
    """A copy elsewhere is read like anybody's."""
    written = Written()
    written.keep(_delivery())
    assert written.found(HOP, "b.xml", DATA) is None
    assert written.found(Place(Kind.GGK_IN), "a.xml", DATA) is None
    assert written.found(HOP, "a.xml", DATA) is READ


def test_memory_stays_bounded() -> None:
    """What was never found makes room for newer messages; what is too large is not kept."""
    written = Written()
    content = b"x" * (WRITTEN_BYTES // 4)
    for number in range(6):
        written.keep(_delivery(f"{number}.xml", content))
    kept = [n for n in range(6) if written.found(HOP, f"{n}.xml", content) is READ]
    assert kept == [2, 3, 4, 5]
    written.keep(_delivery("b.xml", b"x" * (WRITTEN_BYTES + 1)))
    assert written.found(HOP, "b.xml", b"x" * (WRITTEN_BYTES + 1)) is None
    written.keep(_delivery())
    written.keep(_delivery())
    assert written.found(HOP, "a.xml", DATA) is READ
