"""moto, standing behind the front door: it answers what no localaws service implements, and its state is kept.

moto holds its state in memory. Each request is noted by what it may change; ``take_changes`` makes chunks of that
(``chunks.py``) at a moment when moto answers nothing, for ``core/generations.py`` to keep.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.model import OperationNotFoundError
from moto.core.base_backend import BackendDict
from moto.iam.models import iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends

from localaws.core.caller import Caller
from localaws.core.state_file import Changes
from localaws.core.store import Store
from localaws.core.wire import HttpResponse, OperationRequest
from localaws.moto.chunks import Chunks, Touched
from localaws.moto.long_polls import answered_in_turns
from localaws.moto.shared_lock import SharedLock
from localaws.moto.sweep import Sweep
from localaws.moto.touches import touched_by


class MotoBackend:
    """Answers requests with moto. ``chunks``: what is kept of a former moto's state (name, content, digest)."""

    def __init__(self, chunks: Iterable[tuple[str, bytes, bytes]] | None = None) -> None:
        os.environ["MOTO_ALLOW_NONEXISTENT_REGION"] = "false"
        os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"  # roles name AWS's own policies
        self._application = DomainDispatcherApplication(create_backend_app)
        # moto's objects must not change while they are pickled: requests share this, chunks are made alone.
        self._changing = SharedLock()
        self._noting = threading.Lock()
        self._touched = Touched()
        self._chunks = Chunks()
        self._chunks.read(chunks or ())
        self._backends = _number_of_backends()
        self._sweep = Sweep()

    def knows(self, environ: dict[str, Any]) -> bool:
        """Whether moto has the service that a signed request is meant for."""
        host = self._application.infer_service_region_host(environ, str(environ.get("PATH_INFO", "")))
        return host is None or any(
            host == backend or pattern.match(f"http://{host}")
            for backend, pattern in self._application.backend_url_patterns
        )

    def respond(
        self, environ: dict[str, Any], caller: Caller | None, request: OperationRequest | None = None
    ) -> HttpResponse:
        """moto's answer to a WSGI request, made in the caller's account; ``request`` where it could be parsed."""
        environ.pop("HTTP_X_MOTO_ACCOUNT_ID", None)
        if caller is not None:
            environ["HTTP_X_MOTO_ACCOUNT_ID"] = caller.account
        environ["wsgi.input"].seek(0)
        return answered_in_turns(environ, caller, request, lambda: self._respond_once(environ, request))

    def _respond_once(self, environ: dict[str, Any], request: OperationRequest | None) -> HttpResponse:
        environ["wsgi.input"].seek(0)
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started[:] = [int(status.split(maxsplit=1)[0]), headers]

        with self._changing.shared():
            self._note(touched_by(self._service(environ), environ, request))
            try:
                body = b"".join(self._application(environ, start_response))
            except (NotImplementedError, OperationNotFoundError):
                return HttpResponse(501, {"Content-Type": "text/html"}, b"")
            finally:
                self._note_new_backends()
        status, headers = started
        return HttpResponse(status, dict(headers), body)

    @contextmanager
    def changing(self, *packages: str) -> Iterator[None]:
        """For whoever changes moto's objects (of ``moto.<package>``) without a request."""
        with self._changing.shared():
            self._note(Touched(set(packages), {"*"}))
            yield

    @property
    def changed(self) -> bool:
        return bool(self._touched)

    def take_changes(self, documents: Store) -> Changes:
        """What has changed since this was last called, in moto and in ``documents``, as of one moment."""
        with self._changing.alone():
            with self._noting:
                touched, self._touched = self._touched, Touched()
            try:
                return Changes(chunks=self._chunks.changed(touched), documents=documents.take_changes())
            except BaseException:
                self._note(touched)
                raise

    def changes_kept(self) -> None:
        """Nothing outside the chunks belongs to them."""

    def look_around(self) -> None:
        """Have some of what no request is said to have touched compared as well."""
        found = self._sweep.next(self._chunks)
        if found:
            with self._noting:
                self._touched.take(found)

    def user_access_keys(self) -> list[tuple[str, str]]:
        """(access key id, user ARN) of every key that IAM's CreateAccessKey made, in every account."""
        return [
            (key.access_key_id, user.arn)
            for account in list(iam_backends.values())
            for backend in list(account.values())
            for user in list(backend.users.values())
            for key in user.access_keys
        ]

    def bucket_owner(self, bucket: str) -> str | None:
        """The account that a bucket belongs to, or None where there is no such bucket. Bucket names are global."""
        found: tuple[str, str] | None = s3_backends.bucket_accounts.get(bucket)
        return found[1] if found else None

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
