# SPDX-License-Identifier: EUPL-1.2
"""Envelopes of the GGk chain: StUF 03.01 and GGK0210 messages, built and read."""
