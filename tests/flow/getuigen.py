# SPDX-License-Identifier: EUPL-1.2
"""The parties beside a chain, real ones: witnesses and a time stamping authority, on threads."""

import threading
from pathlib import Path

from gateway.audit import policy
from gateway.audit.checkpoint import is_older
from gateway.location import Location
from gateway.moment import Clock
from gateway.setup import init, shipped_config
from gateway.trust.sleutels import load_ed25519, sleutelmap
from gateway.tsa import Authority
from gateway.witness.known import keys
from gateway.witness.record import Record
from gateway.witness.serve import Server

NAMES = ("getuige-cbs", "getuige-gemeente")


def _seconds():
    return Clock().klok() // 1000


class Draait:
    """A server on a thread; stopped and started on the same port."""

    def __init__(self, make):
        self._make = make
        self.port = 0
        self.start()

    def start(self):
        """Listen."""
        self.server = self._make(self.port)
        self.port = self.server.server_address[1]
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self):
        """Listen no more; twice is once."""
        if self.server is None:
            return
        self.server.shutdown()
        self.server.server_close()
        if hasattr(self.server, "record"):
            self.server.record.close()
        self._thread.join()
        self.server = None


class Getuigen:
    """A chain that ``init`` made, with its two witnesses and its authority."""

    def __init__(self, folder, *, tsa=True, **settings):
        self.folder = Path(folder)
        init(str(folder))
        self.location = Location.of(str(self.folder / "config.yaml"))
        self.policy_file = Path(self.location.state) / "vertrouwen" / "policy"
        self.policy = policy.parse(self.policy_file.read_bytes())
        self.seconds = dict.fromkeys(NAMES, _seconds)
        self.kinds = dict.fromkeys(NAMES, Server)  # a test may put other software there
        self.witnesses = {
            name: Draait(lambda port, n=name: self._witness(n, port)) for name in NAMES
        }
        self.authority = ""  # a test may put another key and certificate there
        self.tsa = Draait(self._authority) if tsa else None
        lines = [f"getuigen:\n  aan: true\n  tussenpoos_s: {settings.pop('tussenpoos_s', 1)}\n"]
        lines += [f"  {name}: {value}\n" for name, value in settings.items()]
        if tsa:
            lines.append(f"  tsa: http://127.0.0.1:{self.tsa.port}\n")
        lines.append("  adressen:\n")
        lines += [f"    {n}: http://127.0.0.1:{one.port}\n" for n, one in self.witnesses.items()]
        self.config = shipped_config().decode() + "\n" + "".join(lines)
        (self.folder / "config.yaml").write_text(self.config)

    def memory(self, name):
        """The folder of a witness, far from the gateway's state."""
        return self.folder / "getuigen" / name

    def _witness(self, name, port):
        found = sorted(Path(self.location.audit).glob("*.vkey"))
        beside = [str(one) for one in found if not is_older(one.name)]
        logs, _ = keys(str(self.memory(name)), (), beside)
        key = load_ed25519(sleutelmap(self.location.state, name))
        known = self.policy.witnesses[name].key.name
        record = Record(str(self.memory(name)), known, key, logs, lambda: self.seconds[name]())  # noqa: PLW0108  a test may change it
        return self.kinds[name](record, port)

    def _authority(self, port):
        own = str(Path(sleutelmap(self.location.state, "tsa")) / "sleutel.pem")
        seal = self.authority or own
        return Authority(str(self.memory("tsa")), seal, seal, port)

    def all(self):
        """Every party."""
        return [*self.witnesses.values(), *([self.tsa] if self.tsa else [])]

    def stop(self):
        """All of them stop."""
        for one in self.all():
            one.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # --- what came of it ---

    @property
    def audit(self):
        """The folder of the published log."""
        return Path(self.location.audit)

    def ca(self):
        """By what time stamps of this chain count, as a reader is given it."""
        names = ("root", "intermediate", "crl", "tsa")
        return {one: (Path(self.location.state) / f"vertrouwen/{one}.pem").read_bytes()
                for one in names}  # fmt: skip
