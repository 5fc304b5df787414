# SPDX-License-Identifier: EUPL-1.2
"""What binds a user to the bytes of a delivery: a seal beside the file, or a signed login.

``der`` and ``cms`` read and write detached signatures (RFC 5652); ``manifest`` says which files a
delivery holds; ``zegel`` and ``verklaring`` judge a seal and a login's assertion, pure, by the
``trust`` that is handed to them, and ``gezien`` what their signer saw of the log. ``idp`` is the
simulated identity broker (``serving`` serves it), ``login`` its client, ``client`` what an employee
types. How to use it: ``docs/howto-sign.md``.
"""
