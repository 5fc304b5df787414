# SPDX-License-Identifier: EUPL-1.2
"""The simulated CBS: a counterpart that knows only its own folders, replaceable by the real one."""
