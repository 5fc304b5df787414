# SPDX-License-Identifier: EUPL-1.2
"""When a configuration that is watched counts as another."""

import pytest

from gateway import watch
from gateway.watch import ConfigChanges


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A file that may be looked at as often as it is asked."""
    monkeypatch.setattr(watch, "LOOK_SECONDS", 0.0)
    found = tmp_path / "config.yaml"
    found.write_text("a")
    return found


@pytest.mark.parametrize("after", [None, "ab"], ids=["gone", "changed"])
def test_a_change_counts_at_two_looks(path, after):
    """Once; to be gone is a change like any other."""
    changes = ConfigChanges(str(path))
    if after is None:
        path.unlink()
    else:
        path.write_text(after)
    assert [changes.seen() for _ in range(4)] == [False, True, False, False]


def test_a_file_that_is_gone_for_one_look_was_not_changed(path):
    """An editor puts a new one in its place: the new one counts."""
    changes = ConfigChanges(str(path))
    text = path.rename(path.with_suffix(".oud"))
    assert not changes.seen()
    text.rename(path)
    assert [changes.seen() for _ in range(3)] == [False, False, False]
