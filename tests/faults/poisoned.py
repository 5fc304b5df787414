# SPDX-License-Identifier: EUPL-1.2
"""``knooppunt``, but for a parser with a fault: some bytes end its process, others hold it.

Run as a command, with the same words. Nothing of ours is replaced: before expat stands what a fault
inside it would do. It thinks that there are two cores, so that ``run`` has a clerk's process.
"""

import os
import signal
import sys
from xml.parsers import expat

import gateway.desk
import gateway.inhand
from gateway.cli import main

DEADLY, HANGING, ODD = b"KNOOPPUNT-DODELIJK", b"KNOOPPUNT-HANGT", b"KNOOPPUNT-VREEMD"
REAL = expat.ParserCreate


def poison(content):
    """What a faulty parser does with some contents."""
    if DEADLY in content:
        os.kill(os.getpid(), signal.SIGSEGV)
    while HANGING in content:
        pass
    if ODD in content:
        raise RuntimeError("a fault of ours")


class Parser:
    """Expat's, with the fault in front."""

    def __init__(self, *how):
        object.__setattr__(self, "_real", REAL(*how))

    def __getattr__(self, name):
        return getattr(self._real, name)

    def __setattr__(self, name, value):
        setattr(self._real, name, value)

    def Parse(self, content, *more):  # noqa: N802  its name
        """Parse, if it lives."""
        poison(content)
        return self._real.Parse(content, *more)


if __name__ == "__main__":
    expat.ParserCreate = Parser
    os.cpu_count = lambda: 2
    gateway.desk.LOOK_SECONDS = 0.05
    gateway.desk.HANG_LOOKS = 20
    gateway.inhand.HANG_SECONDS = 1.0
    sys.argv[0] = "knooppunt"
    main()
