# SPDX-License-Identifier: EUPL-1.2
"""What people see of a verification of evidence: each step, what it proves and what not."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from gateway.evidence.steps import Outcome, Report
from gateway.names import toonbaar

_MARKS = {
    Outcome.OK: ("ok   ", "green"),
    Outcome.FAILED: ("BAD  ", "bold red"),
    Outcome.ABSENT: ("-    ", "yellow"),
    Outcome.NOT_CHECKED: ("?    ", "yellow"),
}


def report(console: Console, found: Report, what: str) -> None:
    """The numbered steps, the verdict, and what is not proven."""
    for step in found.steps:
        mark, style = _MARKS[Outcome(step.outcome)]
        line = Text(f"{step.n:>2}. ") + Text(mark, style=style)
        console.print(line + Text(f"{step.name}: {toonbaar(step.detail)}"))
        if step.outcome == Outcome.OK:
            console.print(Text(f"         proves: {step.proves}", style="dim"))
            console.print(Text(f"         not:    {step.does_not_prove}", style="dim"))
    verdict = f"{what} is whole" if found.ok else f"{what} is NOT whole"
    if found.doubts:
        verdict += f", but {' and '.join(found.doubts)}"
    style = "bold yellow" if found.doubts else "bold green" if found.ok else "bold red"
    about = " ".join(one for one in (found.referentienummer, found.origin) if one)
    console.print(Text(f"{verdict}: {about}", style=style))
    for one in found.not_proven:
        console.print(Text(f"not proven: {one}", style="dim"))
