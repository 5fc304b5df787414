# SPDX-License-Identifier: EUPL-1.2
"""What a gateway believes in, read from its state: roots, lists, the broker's keys, who is who.

Stations read no disk: the configuration that they are given carries it (``Config.trust``).
"""

from __future__ import annotations

import json
import os

from joserfc.jwk import ECKey

from gateway.binding.idp import public_jwk
from gateway.binding.trust import Trust
from gateway.config import Config
from gateway.location import Location
from gateway.trust.domeinen import IDP
from gateway.trust.ketting import lees_certificaten, pem_van
from gateway.trust.sleutels import lees, lees_pseudoniemen, lees_vertrouwen, openbaar
