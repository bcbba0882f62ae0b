"""Who comes in, and as whom: the gate, the signature, and what is answered without one.

It joins what ``gate``, ``verification`` and ``cors`` know with the keys that were issued; it performs nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from localaws.core.account_keys import TOKEN_HEADER
from localaws.core.backend import Backend
from localaws.core.caller import Caller
from localaws.core.errors import ServiceError
from localaws.core.identities import Identities
from localaws.core.operations import Mounted
from localaws.core.wire import HttpResponse, OperationRequest, Signature
from localaws.front_door import cors, gate, virtual_hosts
from localaws.front_door.auth_errors import Reason, refused
from localaws.front_door.post_form import Upload, read_upload
from localaws.front_door.protocol import parse_request, serialise_unparsed_error
from localaws.front_door.regions import refuse_unknown_region
from localaws.front_door.signature import Claim
from localaws.front_door.signing_names import S3_NAMES
from localaws.front_door.verification import verify

# The bucket's owner, as whom an unsigned request is performed; raises ServiceError where everybody may not.
OwnerForEverybody = Callable[[OperationRequest], Caller]
# STS answers these without a signature, since the web identity or assertion that they bring is what is verified.
_BY_ASSERTION = frozenset({"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"})
_TOKEN_KEY = f"HTTP_{TOKEN_HEADER.upper().replace('-', '_')}"
_HOME_REGION = "us-east-1"
_REASONS: dict[str, Reason] = {"ExpiredToken": "expired token", "InvalidClientTokenId": "unknown key"}


@dataclass(frozen=True)
class Entrance:
    """``refusal`` is the answer to what stays outside; ``headers`` belong to the answer of what comes in."""

    refusal: HttpResponse | None = None
    headers: dict[str, str] = field(default_factory=dict)


class Guard:
    def __init__(
        self,
        identities: Identities,
        moto: Backend,
        owner_for_everybody: OwnerForEverybody,
        control_token: str,
        any_secret: bool = False,
    ) -> None:
        self._identities = identities
        self._moto = moto
        self._owner_for_everybody = owner_for_everybody
        self._control_token = control_token
        self._any_secret = any_secret

    def entrance(self, environ: dict[str, Any], page: Mounted | None) -> Entrance:
        """Whether a request may come in at all, signed or not; ``page`` is what of localaws' own it is for."""
        bucket = virtual_hosts.bucket_of(environ)
        is_preflight = environ["REQUEST_METHOD"] == "OPTIONS" and page is None
        rules = [] if page else self._moto.bucket_cors(bucket)
        found = gate.entrance(environ, rules, is_page=page is not None)
        if found.refusal is not None and not (is_preflight and found.is_from_elsewhere):
            text = f"localaws refuses this request: {found.refusal}."
            return Entrance(_refusal(text) if page else serialise_unparsed_error("s3", _denied(text)))
        if page is not None and not page.asks_itself and not self.has_token(environ):
            text = f"This page needs the header {TOKEN_HEADER}, with the token in the server's state directory."
            return Entrance(_refusal(text))
        if page is not None and not page.asks_itself and not _is_json(environ):
            return Entrance(_refusal("This page reads application/json alone.", 415))
        return Entrance(headers=found.headers)

    def has_token(self, environ: dict[str, Any]) -> bool:
        return hmac.compare_digest(str(environ.get(_TOKEN_KEY, "")).encode(), self._control_token.encode())

    def caller(self, environ: dict[str, Any], claim: Claim) -> Caller:
        """The principal that has signed a request. ServiceError where its signature is not true."""
        signature = claim.signature
        key = self._identities.key(signature.access_key_id)
        if key is None:
            raise refused("unknown key", signature.signing_name, f"localaws issued no {signature.access_key_id}")
        if not self._any_secret:
            verify(environ, claim, key, virtual_hosts.bucket_in_host(environ))
        caller = self._identified(signature)
        if signature.signing_name in S3_NAMES:
            virtual_hosts.with_bucket_in_path(environ, _server_of(environ))
        return caller

    def upload(self, environ: dict[str, Any]) -> tuple[Upload, Caller]:
        """What a page's form uploads to S3, and the principal that has signed its policy."""
        virtual_hosts.with_bucket_in_path(environ, _server_of(environ))
        found = read_upload(environ, self._identities, self._any_secret)
        caller = self._identified(found.signature)
        _sign_for_moto(found.environ, caller)
        return found, caller

    def _identified(self, signature: Signature) -> Caller:
        refuse_unknown_region(signature.region)
        try:
            return self._identities.identify(signature)
        except ServiceError as error:
            reason = _REASONS.get(error.code)
            if reason is None:
                raise
            raise refused(reason, signature.signing_name) from error

    def preflight(self, environ: dict[str, Any]) -> HttpResponse:
        """The answer to a page of another origin that asks what it may do to a bucket."""
        try:
            return cors.preflight(self._moto.bucket_cors(virtual_hosts.bucket_of(environ)), environ)
        except ServiceError as error:
            return serialise_unparsed_error("s3", error)

    def unsigned(self, environ: dict[str, Any]) -> tuple[Signature, Caller]:
        """As what an unsigned request is answered. ServiceError for what AWS does not answer unsigned."""
        service = presumed_service(environ)
        if service == "sts" and _action(environ) in _BY_ASSERTION:
            return Signature("", _HOME_REGION, "sts"), Caller("", _HOME_REGION, "anonymous")
        if service != "s3":
            raise refused("no signature", service)
        virtual_hosts.with_bucket_in_path(environ, _server_of(environ))
        request = parse_request("s3", environ)
        if request is None or request.service != "s3":
            raise refused("no signature", "s3")
        caller = self._owner_for_everybody(request)
        _sign_for_moto(environ, caller)
        return Signature("", caller.region, "s3"), caller


def presumed_service(environ: dict[str, Any]) -> str:
    """The signing name that an unsigned request would have had: by its target, its action; else it is S3's."""
    target = str(environ.get("HTTP_X_AMZ_TARGET", ""))
    if target:
        return "unsigned-json"  # no service; its errors are JSON's
    action = _action(environ)
    if action in _BY_ASSERTION:
        return "sts"
    return "iam" if action else "s3"  # any service of the query protocol: its errors are alike


def _action(environ: dict[str, Any]) -> str:
    text = str(environ.get("QUERY_STRING", ""))
    if str(environ.get("CONTENT_TYPE", "")).startswith("application/x-www-form-urlencoded"):
        environ["wsgi.input"].seek(0)
        text += "&" + environ["wsgi.input"].read(64 * 1024).decode("utf-8", "replace")
        environ["wsgi.input"].seek(0)
    return parse_qs(text).get("Action", [""])[0]


def _sign_for_moto(environ: dict[str, Any], caller: Caller) -> None:
    """moto looks for a signature by itself, and believes any."""
    scope = f"{caller.account}/20000101/{caller.region}/s3/aws4_request"
    environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 Credential={scope}"


def _server_of(environ: dict[str, Any]) -> str:
    return f"{environ.get('SERVER_NAME', 'localhost')}:{environ.get('SERVER_PORT', '80')}"


def _denied(text: str) -> ServiceError:
    return ServiceError("AccessDenied", text, 403)


def _is_json(environ: dict[str, Any]) -> bool:
    """Whether a body, where there may be one, is of a type that no page of another origin sends unasked."""
    kind = str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
    return environ["REQUEST_METHOD"] in ("GET", "HEAD") or kind == "application/json"


def _refusal(text: str, status: int = 403) -> HttpResponse:
    return HttpResponse(status, {"Content-Type": "text/plain; charset=utf-8"}, f"{text}\n".encode())
