# SPDX-License-Identifier: EUPL-1.2
"""What our own newest messages say: they come back from the hop folder byte for byte."""

from __future__ import annotations

from collections import OrderedDict

from gateway.model import Carried, Delivery, Place, Read

WRITTEN_BYTES = 16 << 20
"""Messages of our own kept until they come back from a hop folder, so as not to read them twice."""


class Written:
    """What our own newest messages say, for the hub that finds those very bytes in a hop folder."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Place, str], tuple[bytes, Read]] = OrderedDict()
        self._size = 0

    def keep(self, delivery: Delivery) -> None:
        """Remember a message until it is found, or until newer ones need the room."""
        content = delivery.content
        if delivery.read is None or isinstance(content, Carried) or len(content) > WRITTEN_BYTES:
            return
        self.found(delivery.place, delivery.name, b"")
        self._kept[delivery.place, delivery.name] = content, delivery.read
        self._size += len(content)
        while self._size > WRITTEN_BYTES:
            self._size -= len(self._kept.popitem(last=False)[1][0])

    def found(self, place: Place, name: str, content: bytes | None) -> Read | None:
        """What the file says; None where it is another's, or was changed, or is forgotten."""
        kept = self._kept.pop((place, name), None)
        if kept is None:
            return None
        self._size -= len(kept[0])
        return kept[1] if kept[0] == content else None
