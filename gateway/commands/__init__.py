# SPDX-License-Identifier: EUPL-1.2
"""Groups of commands, each in a module; ``options.py`` holds what all share."""
