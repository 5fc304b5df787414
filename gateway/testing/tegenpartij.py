# SPDX-License-Identifier: EUPL-1.2
"""The simulated CBS beside a chain for tests: the real one, in the test's own process.

Its clock is the chain's, so that whoever turns that sees answers come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.location import Location
from gateway.moment import Clock

if TYPE_CHECKING:
    from gateway.cbs.werk import Tegenpartij


class Beside:
    """One simulated CBS. ``said`` is all that it told so far."""

    def __init__(self, location: Location, clock: Clock, quiet_ms: int) -> None:
        self._location, self._clock, self._quiet_ms = location, clock, quiet_ms
        self.said: list[str] = []
        self._cbs = self._open()

    def _open(self) -> Tegenpartij:
        from gateway.cbs.werk import Tegenpartij

        return Tegenpartij(self._location, self._clock, self.said.append, quiet_ms=self._quiet_ms)

    def settle(self) -> int:
        """Let it go round until nothing is due now; how much it did."""
        return self._cbs.afwikkelen().gedaan

    def status(self, **only: str) -> dict[str, Any]:
        """What ``knooppunt cbs status --json`` gives; for one uitvraag or gemeente."""
        from gateway.cbs.kijk import status

        return status(self._location, **only)

    def stand(self, gemeentecode: str, uitvraag: str, uitwisseling: str = "wmo") -> str:
        """The status of one municipality, in its words."""
        rows = self.status(uitvraag=uitvraag, gemeente=gemeentecode)["gemeenten"]
        return next(str(row["status"]) for row in rows if row["uitwisseling"] == uitwisseling)

    def reload(self) -> None:
        """Go by the configuration as it is now."""
        self._cbs.herlees()

    def restart(self) -> None:
        """Stop it and start it again on the same state."""
        self.close()
        self._cbs = self._open()

    def close(self) -> None:
        """Stop it."""
        self._cbs.close()
