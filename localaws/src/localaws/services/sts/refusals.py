"""Operations of STS whose callers show no key but a token or assertion of a provider, which nobody here verifies.

moto would give keys to whoever asks.
"""

from __future__ import annotations

from localaws.core.refusals import refusing

_WHY = "it does not verify tokens and assertions of identity providers"
REFUSALS = (refusing("sts", {"AssumeRoleWithWebIdentity": _WHY, "AssumeRoleWithSAML": _WHY}),)
