"""The accounts and the region of the server that functional and security tests share, and its secrets."""

from __future__ import annotations

from localaws.server import Server

DEV, PREPROD, PROD = "111111111111", "222222222222", "333333333333"
REGION = "eu-west-1"


def secret_of(server: Server, account: str) -> str:
    return str(server.cloud.account_keys.secret(account))
