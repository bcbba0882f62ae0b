"""Which instance types have disks of their own, for whose volume SageMaker takes no KMS key.

A Nitro instance encrypts its local disks by itself, and a request that names a VolumeKmsKeyId for it is refused. The
families are told by their names: a ``d`` among the letters after the generation (m5d, r6id, g4dn, p4de), and those
below, which always have local disks.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformResources.html
"""

from __future__ import annotations

import re

_ALWAYS = frozenset({"g5", "g6", "g6e", "gr6", "p5", "p5e", "p5en", "p6", "trn1", "trn1n", "trn2", "i3", "i3en", "i4i"})
_TYPE = re.compile(r"ml\.(?P<family>[a-z]+\d+(?P<options>[a-z-]*))\.[a-z0-9]+")


def has_local_storage(instance_type: str) -> bool:
    match = _TYPE.fullmatch(instance_type)
    return match is not None and (match["family"] in _ALWAYS or "d" in match["options"])
