"""Runs a verb whose clients give an answer up after seconds instead of a minute, so that a proof of many hangs ends.

python -m tests.prove.impatient scripts.verbs.deploy --stage preprod
"""

from __future__ import annotations

import runpy
import sys

from botocore.config import Config

from scripts.gateways import accounts

SECONDS = 5

if __name__ == "__main__":
    accounts._CONFIG = accounts._CONFIG.merge(Config(read_timeout=SECONDS))
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
