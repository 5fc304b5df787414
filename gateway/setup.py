# SPDX-License-Identifier: EUPL-1.2
"""Making a chain: the configuration, every folder, the log's key and its first checkpoint."""

from __future__ import annotations

import os
from importlib import resources

from gateway import durable
from gateway.anchors import Anchors
from gateway.chain import Chain
from gateway.folders import Folders
from gateway.location import Location, read_config
from gateway.outside import ensure_authority, ensure_policy, policy_path
from gateway.owner import must_own
from gateway.reach import Reach
from gateway.trust.pki import ensure_pki


def init(directory: str, state: str | None = None) -> list[str]:
    """Make (or complete) a chain in ``directory``; return what was done, a line each.

    Never overwrites and never looks above ``directory``. Raises ``GatewayError`` when a
    configuration that is there already has faults.
    """
    directory = os.path.abspath(directory)
    said = []
    durable.make_dir(directory)
    path = os.path.join(directory, "config.yaml")
    if os.path.exists(path):
        said.append(f"kept    {path}")
    else:
        durable.put(path, shipped_config(), 0o644)
        said.append(f"made    {path}")
    location = Location.of(path, state)
    must_own(location.state)
    anchors = Anchors(location.root, location.state)
    config = read_config(path)
    folders = Folders(location.root, config, anchors, Reach(location.root))
    made = folders.make_all()
    folders.close()
    said.append(f"made    {made} folders in {location.root}" if made else "kept    all folders")
    said += ensure_pki(location.state, config)
    policy = os.path.exists(policy_path(location, config.getuigen))
    # The key, the first leaf and its checkpoint; who witnesses them is made after that.
    with Chain(location, getuigen=None if policy else {"aan": False}) as chain:
        said += chain.said
        said.append(f"log     {chain.ledger.origin}, {chain.ledger.size} leaves: {location.audit}")
    said += ensure_authority(location, config.getuigen)
    return said + ensure_policy(location, chain.ledger.origin)


def shipped_config() -> bytes:
    """The repository's ``config.yaml``, byte for byte."""
    packed = resources.files("gateway").joinpath("data", "config.yaml")
    if packed.is_file():
        return packed.read_bytes()
    return resources.files("gateway").joinpath("..", "config.yaml").read_bytes()
