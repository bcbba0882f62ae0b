"""CodeCommit's credentials for git over HTTP: user and password that are signed for one repository, for 15 minutes.

What ``aws codecommit credential-helper`` makes: the user is the access key id (``%`` and the session token behind a
temporary one), the password the time and a signature by botocore's signer. Both sides make it by ``password``.
https://docs.aws.amazon.com/codecommit/latest/userguide/setting-up-https-unixes.html
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import UTC, datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_TIMESTAMP = "%Y%m%dT%H%M%S"


@dataclass(frozen=True)
class GitCredentials:
    """``signed_at`` is when the password says that it was made."""

    access_key_id: str
    session_token: str | None = field(repr=False)
    password: str = field(repr=False)
    signed_at: datetime


def password(key_id: str, secret: str, region: str, host: str, path: str, moment: datetime) -> str:
    """``host`` may have a port, which is not signed; ``path`` is the repository's, beginning with ``/``."""
    signer = SigV4Auth(Credentials(key_id, secret), "codecommit", region)
    request = AWSRequest("GIT", f"http://{host}{path}")
    request.context["timestamp"] = moment.strftime(_TIMESTAMP)
    canonical = f"GIT\n{path}\n\nhost:{host.partition(':')[0]}\n\nhost\n"
    return f"{request.context['timestamp']}Z{signer.signature(signer.string_to_sign(request, canonical), request)}"


def read_basic(header: str) -> GitCredentials | None:
    """What an Authorization header of basic credentials holds; None where it holds nothing of the kind."""
    scheme, _, encoded = header.partition(" ")
    try:
        text = base64.b64decode(encoded, validate=True).decode() if scheme.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return None
    user, _, given = text.partition(":")
    key_id, _, token = user.partition("%")
    try:
        moment = datetime.strptime(given.partition("Z")[0], _TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return GitCredentials(key_id, token or None, given, moment)
