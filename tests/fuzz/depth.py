# SPDX-License-Identifier: EUPL-1.2
"""How deep to look: few examples, the same each time, in an ordinary run; many with ``make fuzz``.

The ordinary run tells what failed as it was found; ``make fuzz`` looks for the smallest of its
kind. What once failed stands in ``seeds.txt`` and is tried first, each time.
"""

import ast
import os
from pathlib import Path

from hypothesis import HealthCheck, Phase, example, settings

FULL = os.environ.get("KNOOPPUNT_FUZZ") == "full"
SEEDS = Path(__file__).with_name("seeds.txt")

settings.register_profile(
    "ci", deadline=None, suppress_health_check=list(HealthCheck), print_blob=True,
    derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
settings.register_profile(
    "fuzz", deadline=None, suppress_health_check=list(HealthCheck), print_blob=True
)


def runs(few, many, **more):
    """So many examples: in an ordinary run, and with KNOOPPUNT_FUZZ=full."""
    profile = settings.get_profile("fuzz" if FULL else "ci")
    return settings(profile, max_examples=many if FULL else few, **more)


def seeds(test):
    """What once failed in this test: a line of ``seeds.txt`` each, as a Python literal."""
    found = []
    for line in SEEDS.read_text("utf-8").splitlines():
        name, _, literal = line.partition(" ")
        if name == test:
            found.append(ast.literal_eval(literal.strip()))
    return found


def replayed(test):
    """Try the seeds of a test before anything else."""

    def wrap(function):
        for one in seeds(test):
            function = example(one)(function)
        return function

    return wrap
