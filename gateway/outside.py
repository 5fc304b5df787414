# SPDX-License-Identifier: EUPL-1.2
"""By what a chain believes witnesses and time stamps: its policy file, and certificates.

Where they lie by default, and reading them. Nothing in them is secret.
"""

from __future__ import annotations

import os

from gateway.audit import policy as policies
from gateway.audit.policy import Policy
from gateway.audit.seals import Seals
from gateway.audit.stamp import Trust
from gateway.config import Getuigen
from gateway.errors import AuditError, GatewayError
from gateway.location import Location, read_config

TRUST = "vertrouwen"
POLICY = "policy"
CERTIFICATES = ("root.pem", "intermediate.pem")


def policy_path(location: Location, settings: Getuigen) -> str:
    """Where the policy file of this chain lies."""
    if settings.policy:
        beside = os.path.dirname(os.path.abspath(location.config_path))
        return os.path.join(beside, settings.policy)
    return os.path.join(location.state, TRUST, POLICY)


def policy_of(location: Location, settings: Getuigen) -> Policy:
    """The policy of this chain; :class:`AuditError` when there is none."""
    path = policy_path(location, settings)
    content = _content(path)
    if content is None:
        raise AuditError(
            f"there is no policy file at {path}: which witnesses count is not known",
            hint="make it with `knooppunt init`, or name yours: getuigen: policy: in config.yaml",
        )
    return policies.parse(content)


def trust_of(location: Location, settings: Getuigen) -> Trust | None:
    """The certificates by which tokens are checked; None when there are none."""
    if settings.tsa_ca:
        beside = os.path.dirname(os.path.abspath(location.config_path))
        content = _content(os.path.join(beside, settings.tsa_ca))
        if content is None:
            raise AuditError(f"there is no file {settings.tsa_ca} (getuigen: tsa_ca)")
        return Trust.parse(content)
    found = [_content(os.path.join(location.state, TRUST, name)) for name in CERTIFICATES]
    return Trust.parse(*(one for one in found if one)) if found[0] else None


def seals_of(location: Location) -> Seals:
    """What witnesses and authorities signed of this log, for who asks where a leaf stands.

    Where the configuration, policy or certificates cannot be read, nothing counts as signed.
    """
    policy, trust = None, None
    try:
        settings = read_config(location.config_path).getuigen
        trust = trust_of(location, settings)
        policy = policy_of(location, settings)
    except GatewayError:
        pass
    return Seals(location.audit, policy, trust)


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read(1 << 20)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise AuditError(f"{path} cannot be read: {error.strerror}") from error
