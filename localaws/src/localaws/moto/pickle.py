"""moto's whole state as bytes and back: every backend of every account, in one pickle.

It knows which of moto's objects do not pickle by themselves; it decides neither when nor where a snapshot is kept.
The bytes are read only by the moto version that wrote them (``requirements/`` pins it).
"""

from __future__ import annotations

import functools
import io
import json
import logging
import pickle
import threading
import weakref
from collections import defaultdict
from typing import Any

import cloudpickle
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from moto import __version__ as moto_version
from moto.backends import get_backend
from moto.core.base_backend import BackendDict
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy
from moto.s3.models import s3_backends

from localaws.core.partitions import partition_named

log = logging.getLogger(__name__)

# moto builds these from its own tables; nothing that a user made is in them.
_REBUILT_SERVICES = frozenset({"moto_api", "instance_metadata"})
_LOCK, _RLOCK = type(threading.Lock()), type(threading.RLock())
_told_of: set[str] = set()  # services that the log has named as not kept


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey):
            content = obj.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            return _load_private_key, (content,)
        if isinstance(obj, defaultdict) and type(obj) is not defaultdict:
            # Their constructors want arguments that the default protocol of defaultdict does not pass.
            return _new_defaultdict, (type(obj), obj.default_factory), obj.__dict__, None, iter(obj.items())
        if type(obj).__qualname__ == "AWSManagedPolicy":
            # 1,500 documents an account, which moto has in a table of its own.
            return _aws_managed_policy, (obj.name, obj.account_id, obj.partition, obj.id, obj.attachment_count)
        if isinstance(obj, weakref.WeakValueDictionary):
            return weakref.WeakValueDictionary, (), None, None, iter(list(obj.items()))
        if isinstance(obj, _RLOCK | _LOCK):
            return (threading.RLock if isinstance(obj, _RLOCK) else threading.Lock), ()
        return super().reducer_override(obj)


def _new_defaultdict(kind: type[defaultdict[Any, Any]], default_factory: Any) -> defaultdict[Any, Any]:
    made = kind.__new__(kind)
    made.default_factory = default_factory
    return made


def _aws_managed_policy(name: str, account: str, partition: str, policy_id: str, attachments: int) -> Any:
    policy = AWSManagedPolicy.from_data(name, account, partition_named(partition).home, _aws_managed_policies()[name])
    policy.id, policy.attachment_count = policy_id, attachments
    return policy


@functools.cache
def _aws_managed_policies() -> dict[str, Any]:
    return json.loads(aws_managed_policies_data)


def _load_private_key(content: bytes) -> Any:
    return load_der_private_key(content, None)


def dump() -> bytes:
    """{service: {account: {region: backend}}} of every moto backend in use, pickled.

    A service whose objects cannot be pickled is left out and named on the log: what all others hold is kept.
    """
    state = {
        backends.service_name: {account: dict(regions) for account, regions in backends.items()}
        for backends in BackendDict._instances
        if backends.service_name not in _REBUILT_SERVICES
    }
    try:
        return _pickled((moto_version, state))
    except Exception:  # whatever the __reduce__ of some object of moto raises
        unkept = {service for service, accounts in state.items() if not _keeps(service, accounts)}
        if not unkept:
            raise
        return _pickled((moto_version, {name: held for name, held in state.items() if name not in unkept}))


def _keeps(service: str, accounts: Any) -> bool:
    try:
        _pickled(accounts)
    except Exception as error:  # as above
        if service not in _told_of:
            _told_of.add(service)
            log.error("moto's state of %s will be lost when the server stops: %s", service, error)
        return False
    return True


def _pickled(value: Any) -> bytes:
    target = io.BytesIO()
    _Pickler(target).dump(value)
    return target.getvalue()


def restore(content: bytes) -> None:
    """Put a former ``dump`` back into moto. ValueError where it is damaged or another moto version wrote it."""
    try:
        version, state = pickle.loads(content)  # noqa: S301 (our own snapshot, in the user's own directory)
    except Exception as error:  # a damaged pickle raises nearly anything
        raise ValueError(f"moto's state is damaged ({type(error).__name__}: {error})") from error
    if version != moto_version:
        raise ValueError(f"it was written by moto {version}, but moto {moto_version} is installed")
    for service, accounts in state.items():
        backends: Any = get_backend(service)
        for account, regions in accounts.items():
            for region, backend in regions.items():
                dict.__setitem__(backends[account], region, backend)
    _restore_bucket_owners()


def _restore_bucket_owners() -> None:
    """Whose a bucket is, moto keeps beside its backends, since names are global; it finds other accounts' by it."""
    for account, partitions in list(s3_backends.items()):
        for partition, backend in partitions.items():
            for bucket in backend.buckets:
                s3_backends.bucket_accounts[bucket] = (partition, account)
