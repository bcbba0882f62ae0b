"""moto, standing behind the front door: it answers what no localaws service implements, and its state is kept.

moto holds its state in memory. Each request is noted by what it may change; ``take_changes`` makes chunks of that
(``chunks.py``) at a moment when moto answers nothing, for ``core/generations.py`` to keep.
"""

from __future__ import annotations

import functools
import logging
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from botocore.model import OperationModel, OperationNotFoundError
from moto.core.base_backend import BackendDict
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends

from localaws.core.backend import BODY_KEY, CorsRule
from localaws.core.bodies import IN_MEMORY, Bodies
from localaws.core.caller import Caller
from localaws.core.state_file import Changes
from localaws.core.store import Store
from localaws.core.wire import HttpResponse, OperationRequest
from localaws.moto import policy_versions, public_access, stored_objects
from localaws.moto.bucket_chunks import TouchedObjects
from localaws.moto.chunks import Chunks, Touched
from localaws.moto.implemented import implements
from localaws.moto.long_polls import answered_in_turns
from localaws.moto.shared_lock import SharedLock
from localaws.moto.sweep import Sweep
from localaws.moto.touches import touched_by

log = logging.getLogger(__name__)


class MotoBackend:
    """Answers requests with moto. ``chunks``: what is kept of a former moto's state (name, content, digest), whose
    objects' contents are in ``bodies``; None are temporary ones."""

    def __init__(self, chunks: Iterable[tuple[str, bytes, bytes]] | None = None, bodies: Bodies | None = None) -> None:
        os.environ["MOTO_ALLOW_NONEXISTENT_REGION"] = "false"
        os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # roles name AWS's own policies
        self._application = _Dispatcher(create_backend_app)
        # moto's objects must not change while they are pickled: requests share this, chunks are made alone.
        self._changing = SharedLock()
        self._noting = threading.Lock()
        self._touched = Touched()
        self._chunks = Chunks()
        self.bodies = bodies or Bodies(None)
        stored_objects.install(self.bodies)
        policy_versions.install()
        self._chunks.read(chunks or ())
        missing = self.bodies.collect()
        if missing:
            log.error("the contents of objects in S3 are missing from the state directory: %s", ", ".join(missing))
        self._released: list[str] = []  # of bodies, by changes that are not kept yet
        self._backends = _number_of_backends()
        self._sweep = Sweep()

    def implements(self, service: str, operation: OperationModel) -> bool:
        """Whether moto has an operation of a botocore service."""
        return implements(service, operation)

    def respond(self, environ: dict[str, Any], caller: Caller, request: OperationRequest | None = None) -> HttpResponse:
        """moto's answer to a WSGI request, made in the caller's account; ``request`` where it could be parsed."""
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = caller.account
        environ["wsgi.input"].seek(0)
        return answered_in_turns(environ, caller, request, lambda: self._respond_once(environ, request))

    def _respond_once(self, environ: dict[str, Any], request: OperationRequest | None) -> HttpResponse:
        incoming = environ.pop(BODY_KEY, None)
        environ["wsgi.input"].seek(0)
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started[:] = [int(status.split(maxsplit=1)[0]), headers]

        with self._changing.shared(), stored_objects.as_files(self._passes_on_content(environ), incoming):
            self._note(touched_by(self._service(environ), environ, request))
            try:
                answer = self._application(environ, start_response)
                body, stream = _joined_if_small(environ, started[1], answer)
            except (NotImplementedError, OperationNotFoundError):
                return HttpResponse(501, {"Content-Type": "text/html"}, b"")
            finally:
                self._note_new_backends()
        status, headers = started
        return HttpResponse(status, dict(headers), body, stream)

    def _passes_on_content(self, environ: dict[str, Any]) -> bool:
        """Whether the request is one of S3 that takes, copies or gives contents, and looks into none."""
        host = self._application.infer_service_region_host(environ, str(environ.get("PATH_INFO", "")))
        environ["wsgi.input"].seek(0)
        return (host is None or host.startswith("s3.")) and "select" not in str(environ.get("QUERY_STRING", ""))

    @contextmanager
    def changing(self, *packages: str, bucket: str | None = None) -> Iterator[None]:
        """For whoever changes moto's objects (of ``moto.<package>``, of one of S3's buckets) without a request."""
        with self._changing.shared():
            self._note(Touched(set(packages), {"*"}, TouchedObjects(buckets={bucket} if bucket else set())))
            yield

    def in_one_moment(self) -> AbstractContextManager[None]:
        """Changes are taken before or after what this thread does meanwhile, never between."""
        return self._changing.shared()

    @property
    def changed(self) -> bool:
        return bool(self._touched)

    def take_changes(self, documents: Store) -> Changes:
        """What has changed since this was last called, in moto and in ``documents``, as of one moment."""
        with self._changing.alone():
            with self._noting:
                touched, self._touched = self._touched, Touched()
            try:
                changes = Changes(chunks=self._chunks.changed(touched), documents=documents.take_changes())
                self._released = self.bodies.released()
                return changes
            except BaseException:
                self._note(touched)
                raise

    def changes_kept(self) -> None:
        released, self._released = self._released, []
        self.bodies.remove(released)

    def look_around(self) -> None:
        """Have some of what no request is said to have touched compared as well."""
        found = self._sweep.next(self._chunks)
        if found:
            with self._noting:
                self._touched.take(found)

    def user_access_keys(self) -> list[tuple[str, str, str]]:
        """(access key id, user ARN, secret) of every active key that CreateAccessKey made, in every account."""
        return [
            (key.access_key_id, user.arn, key.secret_access_key)
            for account in list(iam_backends.values())
            for backend in list(account.values())
            for user in list(backend.users.values())
            for key in user.access_keys
            if key.status == "Active"
        ]

    def bucket_owner(self, bucket: str) -> str | None:
        """The account that a bucket belongs to, or None where there is no such bucket. Bucket names are global."""
        found: tuple[str, str] | None = s3_backends.bucket_accounts.get(bucket)
        return found[1] if found else None

    def bucket_region(self, bucket: str) -> str:
        return str(public_access.bucket_named(bucket).region_name)

    def bucket_cors(self, bucket: str) -> list[CorsRule]:
        found = public_access.bucket_named(bucket)
        return public_access.cors_rules(found) if found is not None else []

    def is_publicly_readable(self, bucket: str, key: str | None, version_id: str | None) -> bool:
        return public_access.is_readable(bucket, key, version_id)

    def restricts_public_access(self, bucket: str) -> bool:
        return public_access.blocks(bucket, "restrict_public_buckets")

    def _service(self, environ: dict[str, Any]) -> str | None:
        """moto's package that answers a request, as moto finds it; None where it is moto's guess."""
        host = self._application.infer_service_region_host(environ, str(environ.get("PATH_INFO", "")))
        environ["wsgi.input"].seek(0)
        return None if host is None else self._application.get_backend_for_host(host)

    def _note(self, touched: Touched) -> None:
        with self._noting:
            self._touched.take(touched)
        self._sweep.begin()

    def _note_new_backends(self) -> None:
        """moto makes a backend when it is first asked, with default resources whose ids it has then told."""
        number = _number_of_backends()
        if number != self._backends:
            self._backends = number
            self._note(Touched(packages=self._chunks.packages_in_use()))


def _number_of_backends() -> int:
    return sum(len(regions) for backends in list(BackendDict._instances) for regions in list(backends.values()))


class _Dispatcher(DomainDispatcherApplication):  # type: ignore[misc]  # moto is untyped
    """moto's own, which for every request reads the folders of its installation anew."""

    def __init__(self, create_app: Any) -> None:
        super().__init__(create_app)
        self._find = functools.lru_cache(1024)(super().get_backend_for_host)

    def get_backend_for_host(self, host: str | None) -> Any:
        return self._find(host)


def _joined_if_small(
    environ: dict[str, Any], headers: list[tuple[str, str]], answer: Any
) -> tuple[bytes, Iterable[bytes] | None]:
    """The content of an answer, or the answer itself where it is long: then it is read while it is sent."""
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    if environ["REQUEST_METHOD"] == "GET" and length > IN_MEMORY:
        return b"", answer
    try:
        return b"".join(answer), None
    finally:
        if hasattr(answer, "close"):
            answer.close()
