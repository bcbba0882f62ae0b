"""What botocore raises, told as the errors of ``scripts.errors``: by code, in one place, never by message alone.

Whatever has no meaning of its own here becomes a ServiceResponseError; nothing is swallowed, and a failed read is
never an empty answer.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigNotFound,
    ConfigParseError,
    ConnectionError,  # noqa: A004 (botocore's own name)
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)
from botocore.parsers import ResponseParserError

from scripts.errors import AccessDeniedError, CredentialsError, DeploymentError, ServiceResponseError, SettingsError

_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "UnauthorizedAccess",
    "AuthorizationError",
    "NotAuthorized",
    "Forbidden",
    "403",
    "KMS.AccessDeniedException",
}
_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "TokenRefreshRequired",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "InvalidToken",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "MissingAuthenticationToken",
}
_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)


@dataclass(frozen=True)
class Actor:
    """As whom calls are made: an account, and the role there (its ARN) or a profile; neither: the SDK's own choice."""

    account: str
    role_arn: str | None = None
    profile: str | None = None

    def __str__(self) -> str:
        by_profile = f"profile {self.profile}" if self.profile else "the current credentials"
        return f"account {self.account}, " + (f"role {self.role_arn}" if self.role_arn else by_profile)


@contextmanager
def told_as_deployment_errors(actor: Actor) -> Iterator[None]:
    """Turn whatever botocore raises inside into a DeploymentError that says who wanted what."""
    try:
        yield
    except ClientError as error:
        raise _of_response(error, actor) from error
    except _NO_CREDENTIALS as error:
        raise CredentialsError(
            f"no credentials for account {actor.account}: {error}",
            next_command="aws sts get-caller-identity   # or: aws sso login; export AWS_PROFILE=...",
        ) from error
    except (ConfigParseError, ConfigNotFound) as error:
        raise CredentialsError(
            f"the AWS configuration cannot be read: {error}",
            found=[f"AWS_CONFIG_FILE={os.environ.get('AWS_CONFIG_FILE') or '~/.aws/config'}"],
            next_command="correct that file, then: aws configure list",
        ) from error
    except (ConnectionError, HTTPClientError) as error:
        raise ServiceResponseError(
            f"AWS did not answer: {error}",
            found=[f"as {actor}"],
            next_command="check AWS_ENDPOINT_URL and the network; with the embedded AWS: make local-up",
        ) from error
    except ResponseParserError as error:
        raise ServiceResponseError(
            "the response is not a valid AWS response",
            found=[f"as {actor}", *str(error).splitlines()[:3]],
            next_command="check AWS_ENDPOINT_URL and proxies; with the embedded AWS: tail .localaws/server.log",
        ) from error
    except BotoCoreError as error:
        raise ServiceResponseError(
            f"the call could not be made: {error}",
            found=[f"as {actor}"],
            next_command="correct what it names (env | grep ^AWS_, or ~/.aws/config), then the same command again",
        ) from error


def require_endpoints(environment: Mapping[str, str] = os.environ) -> None:
    """Raises SettingsError for a variable that should name an endpoint and names no URL: botocore would say less."""
    for name, value in environment.items():
        if name.startswith("AWS_ENDPOINT_URL") and value and not _is_url(value):
            raise SettingsError(
                f'environment variable {name}: "{value}" is no URL such as http://127.0.0.1:4566',
                next_command=f"unset {name}   # AWS itself; or set it to a URL",
            )


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # half an IPv6 address, or a port above 65535
        return False


def error_code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def was_tried_before(error: ClientError) -> bool:
    """Whether the client had made this call already and got no answer: AWS may have done then what it refuses now."""
    return int(error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)) > 0


def _of_response(error: ClientError, actor: Actor) -> DeploymentError:
    code, action = error_code(error), error.operation_name
    message = str(error.response.get("Error", {}).get("Message", error))
    if code in _CREDENTIALS:
        return CredentialsError(
            f"the credentials for account {actor.account} are expired or unknown to AWS ({code})",
            found=[f"action {action}", f"as {actor}", message],
            next_command="get new ones (aws sso login, or export AWS_PROFILE=...), then: aws sts get-caller-identity",
        )
    if code in _DENIED:
        return AccessDeniedError(
            f"{action} is denied in account {actor.account}",
            found=[f"action {action}", f"as {actor}", f"AWS says: {message}"],
            next_command=_remedy(action, actor),
        )
    return ServiceResponseError(
        f"{action} failed: {code}: {message}",
        found=[f"as {actor}"],
        next_command="correct what it names, then the same command again; make doctor checks the rest",
    )


def _remedy(action: str, actor: Actor) -> str:
    if action == "AssumeRole":
        return "make bootstrap   # creates the role, and lets the dev account assume it; then: make doctor"
    who = actor.role_arn or "the credentials in use"
    return f"allow {action} to {who} in account {actor.account}, then: make doctor"
