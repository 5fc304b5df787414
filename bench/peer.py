# SPDX-License-Identifier: EUPL-1.2
"""Messages a second against a peer that must not lose any either: Debian's Postfix.

Postfix accepts messages of 10 KB over SMTP on loopback, syncs each before it says yes, and delivers
them to a Maildir; the chain takes files of 10 KB from outboxes to CBS. Both in turn, on the same
file system, from the first byte until the last message is delivered. Needs root and the package
postfix (``apt-get install postfix``); it runs with a configuration and a queue of its own, which
are removed afterwards.

Usage: python bench/peer.py [--messages N] [--pairs N] [--senders N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import os
import shutil
import smtplib
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import throughput

PORT = 2525
NOBODY = 65534

MAIN = """
compatibility_level = 3.6
queue_directory = {top}/queue
data_directory = {top}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = bench.invalid
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
maillog_file = /var/log/knooppunt-bench-mail.log
virtual_mailbox_domains = knooppunt.invalid
virtual_mailbox_base = {top}
virtual_mailbox_maps = static:box/
virtual_minimum_uid = 1
virtual_uid_maps = static:{nobody}
virtual_gid_maps = static:{nobody}
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
in_flow_delay = 0
"""

MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


def postfix(top: Path, count: int, senders: int) -> float:
    """Seconds from the first message until the last lies in the Maildir."""
    box = top / "box"
    for name in ("etc", "queue", "data", "box"):
        (top / name).mkdir(parents=True)
    top.chmod(0o755)
    os.chown(box, NOBODY, NOBODY)
    shutil.chown(top / "data", "postfix")
    (top / "etc/main.cf").write_text(MAIN.format(top=top, nobody=NOBODY))
    (top / "etc/master.cf").write_text(MASTER.format(port=PORT))
    command = ["postfix", "-c", str(top / "etc")]
    subprocess.run([*command, "start"], check=True, capture_output=True)
    try:
        _greeting()
        began = time.perf_counter()
        threads = [threading.Thread(target=_send, args=(count // senders,)) for _ in range(senders)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        while len(list((box / "new").glob("*"))) < count // senders * senders:
            time.sleep(0.02)
        return time.perf_counter() - began
    finally:
        subprocess.run([*command, "stop"], check=True, capture_output=True)


def _greeting() -> None:
    for _ in range(200):
        try:
            smtplib.SMTP("127.0.0.1", PORT, timeout=10).quit()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("postfix does not answer; see /var/log/knooppunt-bench-mail.log")


def _send(count: int) -> None:
    with smtplib.SMTP("127.0.0.1", PORT, timeout=60) as smtp:
        for _ in range(count):
            half = os.urandom(throughput.SIZE // 2).hex()
            lines = "\n".join(half[at : at + 76] for at in range(0, len(half), 76))
            smtp.sendmail("a@bench.invalid", "b@knooppunt.invalid", f"Subject: x\n\n{lines}\n")


def main() -> None:
    """Measure pairs and print the medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--pairs", type=int, default=4)
    parser.add_argument("--senders", type=int, default=8, help="SMTP connections at once")
    parser.add_argument("--folder", default=None)
    asked = parser.parse_args()
    if shutil.which("postfix") is None or os.geteuid() != 0:
        raise SystemExit("this needs root, and postfix: apt-get install postfix")
    top = Path(tempfile.mkdtemp(prefix="knooppunt-bench-", dir=asked.folder or os.getcwd()))
    ratios, rates = [], []
    try:
        top.chmod(0o755)
        for pair in range(asked.pairs):
            ours = throughput.child("chain", str(top / f"c{pair}"), asked.messages, 0)["wall"]
            theirs = postfix(top / f"p{pair}", asked.messages, asked.senders)
            ratios.append(theirs / ours)
            rates.append((asked.messages / ours, asked.messages / theirs))
            print(f"pair {pair + 1}: chain {rates[-1][0]:.0f}/s, postfix {rates[-1][1]:.0f}/s, "
                  f"ratio {ratios[-1]:.2f}", flush=True)  # fmt: skip
    finally:
        shutil.rmtree(top)
    ours, theirs = (statistics.median(column) for column in zip(*rates, strict=True))
    print(f"median: chain {ours:.0f}/s, postfix {theirs:.0f}/s, "
          f"{statistics.median(ratios):.2f} times as fast")  # fmt: skip


if __name__ == "__main__":
    main()
