# SPDX-License-Identifier: EUPL-1.2
"""By what a chain believes witnesses and time stamps: its policy file, and certificates.

Where they lie by default, and reading them. Nothing in them is secret.
"""

from __future__ import annotations

import os

from gateway import durable
from gateway.audit import policy as policies
from gateway.audit.checkpoint import VerifierKey, vkey_file
from gateway.audit.policy import Policy
from gateway.audit.seals import Seals
from gateway.audit.stamp import Trust
from gateway.config import Getuigen
from gateway.current import in_use
from gateway.errors import AuditError, GatewayError
from gateway.location import Location
from gateway.trust.domeinen import GETUIGEN
from gateway.trust.ketting import lees_certificaten, lees_lijsten, pem_van
from gateway.trust.sleutels import AANKERS, ELDERS, lees_stempelaars, openbaar
from gateway.trust.tijdstempel import stempelaars

POLICY = "policy"
PORTS = dict(zip(GETUIGEN, (8741, 8742), strict=True))
"""Where the witnesses of the development chain listen; another port stands in the policy file."""

_HEAD = """\
# Which witnesses count for the log of this chain, and how many (c2sp.org/tlog-policy).
# Give a copy to whoever verifies: knooppunt audit verify --policy FILE
"""


def policy_path(location: Location, settings: Getuigen) -> str:
    """Where the policy file of this chain lies."""
    if settings.policy:
        beside = os.path.dirname(os.path.abspath(location.config_path))
        return os.path.join(beside, settings.policy)
    return openbaar(location.state, POLICY)


def ensure_policy(location: Location, origin: str) -> list[str]:
    """Make the policy of the development witnesses; never overwritten, a new log is added to it."""
    path = openbaar(location.state, POLICY)
    shown = _content(os.path.join(location.audit, vkey_file(origin))) or b""
    log = VerifierKey.parse(shown.decode().split("\n")[0])
    content = _content(path)
    if content is not None:
        return [f"added   this log to {path}"] * _add(path, content, log)
    lines = [f"{_HEAD}log {log.line()}"]
    for name in GETUIGEN:
        key = (_content(openbaar(location.state, f"{name}.vkey")) or b"").decode().split("\n")[0]
        if not key:
            return [f"MISSING the key of {name}: no policy of witnesses was made"]
        lines.append(f"witness {name} {key} http://127.0.0.1:{PORTS[name]}")
    lines += [f"group getuigen all {' '.join(GETUIGEN)}", "quorum getuigen", ""]
    durable.put(path, "\n".join(lines).encode(), 0o644)
    return [f"made    {path}"]


def _add(path: str, content: bytes, log: VerifierKey) -> bool:
    """Add a log's key to a policy; those that stand there stay: old evidence is read by them."""
    if any(one.public == log.public for one in policies.parse(content).logs):
        return False
    durable.put(path, content + f"log {log.line()}\n".encode(), 0o644)
    return True


def learn(location: Location, settings: Getuigen, log: VerifierKey) -> list[str]:
    """The log has a new key: add it to this chain's own policy; what to do about another's."""
    path, line = policy_path(location, settings), f"log {log.line()}"
    content = _content(path)
    if content is None or any(one.public == log.public for one in policies.parse(content).logs):
        return []
    if settings.policy:
        return [f"audit: add the log's new key to {path}, and give it to readers: {line}"]
    _add(path, content, log)
    return [f"audit: the log's new key stands in {path} too; give a copy to readers"]


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
    """By what tokens are checked; None when there is nothing.

    Those of the chain's own authority: by its certificate or its OIN, and not revoked. Those of
    another (``tsa_ca``): by what the file holds, its list and its certificate among it or not.
    """
    if settings.tsa_ca:
        elders, now = openbaar(location.state, ELDERS), _elsewhere(location, settings.tsa_ca)
        before = _before(elders, now)
        return stempelaars({settings.tsa_ca: now} | ({elders: before} if before else {}))
    paths = [openbaar(location.state, name) for name in AANKERS]
    found = {path: content for path in paths if (content := _content(path))}
    if paths[0] not in found:
        return None
    return stempelaars(found | lees_stempelaars(openbaar(location.state)), strict=True)


def ensure_authority(location: Location, settings: Getuigen) -> list[str]:
    """Publish what time stamps of an authority elsewhere count by; what was so before stays."""
    if not settings.tsa_ca:
        return []
    path, content = openbaar(location.state, ELDERS), _elsewhere(location, settings.tsa_ca)
    stempelaars({settings.tsa_ca: content})  # it can be used, or says what is wrong
    now = lees_certificaten(content, settings.tsa_ca)
    wanted = pem_van(*now, *lees_lijsten(content)) + _before(path, content)
    if wanted == _content(path):
        return []
    durable.put(path, wanted, 0o644)
    return [f"made    {path}"]


def _before(path: str, content: bytes) -> bytes:
    """What was published of authorities of before: certificates, and lists of other issuers."""
    shown = _content(path) or b""
    certificates, lists = lees_certificaten(content, "tsa_ca"), lees_lijsten(content)
    issuers = {one.issuer for one in lists}
    return pem_van(
        *(one for one in lees_certificaten(shown, path) if one not in certificates),
        *(one for one in lees_lijsten(shown) if one.issuer not in issuers),
    )


def _elsewhere(location: Location, name: str) -> bytes:
    beside = os.path.dirname(os.path.abspath(location.config_path))
    content = _content(os.path.join(beside, name))
    if content is None:
        raise AuditError(f"there is no file {name} (getuigen: tsa_ca)")
    return content


def seals_of(location: Location) -> Seals:
    """What witnesses and authorities signed of this log, for who asks where a leaf stands.

    Where the configuration, policy or certificates cannot be read, nothing counts as signed.
    """
    policy, trust = None, None
    try:
        settings = in_use(location).getuigen
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
