"""moto takes policies of the version 2012-10-17 alone; IAM takes 2008-10-17 as well, and one that names no version.

One of moto's checks is taken out, once a process. Which versions there are is checked before, by the evaluator's own
reader and by moto's check of the syntax.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html
"""

from __future__ import annotations

from moto.iam.policy_validation import BaseIAMPolicyValidator


def install() -> None:
    BaseIAMPolicyValidator._validate_version = _any


def _any(self: BaseIAMPolicyValidator) -> None:
    """Every version that the syntax allows."""
