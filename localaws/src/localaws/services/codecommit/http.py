"""git over HTTP: the ordinary git client clones from and pushes to a repository of CodeCommit.

A WSGI application in front of git's own ``http-backend``. Bodies stream through. Whoever asks shows CodeCommit's
credentials (``core/git_credentials.py``), of a principal of the repository's account. When a push has moved branches or
tags, the events are out before the client is answered.
https://git-scm.com/docs/git-http-backend
"""

from __future__ import annotations

import hmac
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qs

from localaws.core import git_credentials
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.wire import Signature
from localaws.services.codecommit import repositories
from localaws.services.codecommit.announcements import announce_references
from localaws.services.codecommit.git import adopt_first_branch, clean_environment, references

if TYPE_CHECKING:
    from pathlib import Path

    from localaws.core.cloud import Cloud
    from localaws.core.store import Document

_CHUNK = 64 * 1024
_VALID = timedelta(minutes=15)
_CHALLENGE = (("WWW-Authenticate", 'Basic realm="localaws"'),)
_HOW = (
    "CodeCommit asks for credentials: configure git's credential helper, `localaws git-credential` or `aws codecommit "
    "credential-helper --ignore-host-check`, with credential.useHttpPath"
)


class GitOverHttp:
    """Serves ``/_localaws/git/<account>/<region>/<repository>/...``."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        # Two pushes to one repository at once would each announce what the other changed.
        self._pushing: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        parts = str(environ["PATH_INFO"]).removeprefix(repositories.URL_PREFIX).split("/", 3)
        try:
            caller, record = self._admitted(environ, parts)
        except _RefusedError as error:
            return _refuse(start_response, error)
        directory, rest = repositories.directory_of(self._cloud, record), parts[3]
        if rest == "git-receive-pack" and environ["REQUEST_METHOD"] == "POST":
            return self._push(environ, start_response, record, directory, caller)
        return _Backend(environ, directory, rest).answer(start_response)

    def _admitted(self, environ: dict[str, Any], parts: list[str]) -> tuple[Caller, Document]:
        """Who asks, and for which repository. Raises _RefusedError."""
        if len(parts) < 4:
            raise _RefusedError(
                "404 Not Found", "this is not the path of a repository: it must be <account>/<region>/<name>/..."
            )
        account, region, name, rest = parts
        caller = self._caller(environ, account, region, name)
        if caller is None:
            raise _RefusedError("401 Unauthorized", _HOW, _CHALLENGE)
        if caller.account != account:
            raise _RefusedError("403 Forbidden", f"{caller.arn} is not of account {account}")
        try:
            record = repositories.existing(repositories.table(self._cloud), account, region, name.removesuffix(".git"))
        except ServiceError as error:
            text = f"CodeCommit has no repository {name} in account {account}, {region}"
            raise _RefusedError("404 Not Found", text) from error
        try:
            self._cloud.require_action(caller, _action(environ, rest), record["Arn"])
        except ServiceError as error:
            raise _RefusedError("403 Forbidden", error.message) from error
        return caller, record

    def _caller(self, environ: dict[str, Any], account: str, region: str, name: str) -> Caller | None:
        """Who shows credentials that are true for this repository; None for nobody."""
        shown = git_credentials.read_basic(str(environ.get("HTTP_AUTHORIZATION", "")))
        key = self._cloud.identities.key(shown.access_key_id) if shown else None
        if shown is None or key is None:
            return None
        path, host = f"{repositories.URL_PREFIX}{account}/{region}/{name}", str(environ.get("HTTP_HOST", ""))
        made = git_credentials.password(shown.access_key_id, key.secret, region, host, path, shown.signed_at)
        true = hmac.compare_digest(made.encode(), shown.password.encode())
        same_token = hmac.compare_digest((key.session_token or "").encode(), (shown.session_token or "").encode())
        if not (self._cloud.any_secret or (true and same_token and abs(datetime.now(UTC) - shown.signed_at) <= _VALID)):
            return None
        try:
            return self._cloud.identities.identify(Signature(shown.access_key_id, region, "codecommit"))
        except ServiceError:  # they are expired
            return None

    def _push(
        self, environ: dict[str, Any], start_response: Any, record: Document, directory: Path, caller: Caller
    ) -> Iterable[bytes]:
        with self._pushing[record["repositoryId"]]:
            before = references(directory)
            answer = list(_Backend(environ, directory, "git-receive-pack").answer(start_response))
            after = references(directory)
            adopt_first_branch(directory, before, after)
            announce_references(self._cloud, record, caller.arn, before, after)
        return answer


def _action(environ: dict[str, Any], rest: str) -> str:
    """https://docs.aws.amazon.com/codecommit/latest/userguide/auth-and-access-control-permissions-reference.html"""
    writing = "git-receive-pack" in (rest, parse_qs(str(environ.get("QUERY_STRING", ""))).get("service", [""])[0])
    return "codecommit:GitPush" if writing else "codecommit:GitPull"


class _RefusedError(Exception):
    """What the client is answered instead of the repository."""

    def __init__(self, status: str, text: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers


class _Backend:
    """One run of ``git http-backend``: the request streams in by a thread while the answer streams out."""

    def __init__(self, environ: dict[str, Any], directory: Path, rest: str) -> None:
        self._input: IO[bytes] = environ["wsgi.input"]
        # A body without a length is one that ends by itself (chunked); werkzeug has undone the chunks.
        length = environ.get("CONTENT_LENGTH") or ""
        self._length = int(length) if length else None if environ.get("wsgi.input_terminated") else 0
        variables = {
            "GIT_PROJECT_ROOT": str(directory),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{rest}",
            "REQUEST_METHOD": str(environ["REQUEST_METHOD"]),
            "QUERY_STRING": str(environ.get("QUERY_STRING", "")),
            "CONTENT_TYPE": str(environ.get("CONTENT_TYPE", "")),
            "REMOTE_ADDR": "127.0.0.1",
            **({"CONTENT_LENGTH": length} if length else {}),
            **{name: str(environ[name]) for name in _PASSED_ON if name in environ},
        }
        if "HTTP_GIT_PROTOCOL" in environ:
            variables["GIT_PROTOCOL"] = str(environ["HTTP_GIT_PROTOCOL"])
        self._process = subprocess.Popen(
            ["git", "http-backend"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**clean_environment(), **variables},
        )

    def answer(self, start_response: Any) -> Iterator[bytes]:
        """The answer's body, after ``start_response`` was called with its status and headers."""
        feeder = threading.Thread(target=self._feed, daemon=True)
        feeder.start()
        assert self._process.stdout is not None
        status, headers = _cgi_head(self._process.stdout)
        start_response(status, headers)
        return self._body(feeder)

    def _body(self, feeder: threading.Thread) -> Iterator[bytes]:
        assert self._process.stdout is not None
        try:
            while chunk := self._process.stdout.read1(_CHUNK):  # type: ignore[attr-defined]
                yield chunk
        finally:
            self._process.stdout.close()
            feeder.join()
            self._process.wait()

    def _feed(self) -> None:
        assert self._process.stdin is not None
        remaining = self._length
        taking = True
        while remaining is None or remaining > 0:
            chunk = self._input.read(_CHUNK if remaining is None else min(_CHUNK, remaining))
            if not chunk:
                break
            remaining = None if remaining is None else remaining - len(chunk)
            if taking:
                taking = _write(self._process.stdin, chunk)
            # What git no longer wants is still read, or the connection could not serve its next request.
        _close(self._process.stdin)


_PASSED_ON = ("HTTP_CONTENT_ENCODING", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_USER_AGENT")


def _write(target: IO[bytes], chunk: bytes) -> bool:
    """Whether git took it; it closes its input where it has refused the push."""
    try:
        target.write(chunk)
    except BrokenPipeError:
        return False
    return True


def _close(target: IO[bytes]) -> None:
    try:
        target.close()
    except BrokenPipeError:  # what was buffered is no longer wanted
        return


def _cgi_head(stream: IO[bytes]) -> tuple[str, list[tuple[str, str]]]:
    """Status and headers of a CGI answer (RFC 3875); what follows in the stream is the body."""
    status, headers = "200 OK", []
    while line := stream.readline().rstrip(b"\r\n"):
        name, _, value = line.decode("latin-1").partition(":")
        if name.lower() == "status":
            status = value.strip()
        else:
            headers.append((name, value.strip()))
    if not headers:
        status, headers = "500 Internal Server Error", [("Content-Type", "text/plain")]
    return status, headers


def _refuse(start_response: Any, error: _RefusedError) -> Iterable[bytes]:
    body = f"{error.text}\n".encode()
    start_response(error.status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), *error.headers])
    return [body]
