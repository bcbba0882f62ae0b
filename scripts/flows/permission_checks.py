"""Asks IAM whether the role of an actor may make every call of its work. It reads only.

By simulation where we may simulate, else by reading the role's policies, and it says which.
"""

from __future__ import annotations

from functools import cached_property

from scripts.decisions.actors import Actor, Question, questions
from scripts.decisions.permissions import Answer, no_role, outcome_of
from scripts.decisions.policy_reading import Request, read_identity
from scripts.decisions.readiness import Outcome
from scripts.errors import AccessDeniedError, DeploymentError
from scripts.gateways.accounts import Account
from scripts.gateways.role_policies import HeldPolicies, Simulated, held_policies, simulate

# Of every request, by https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html; a
# simulation is not told them by itself.
_OF_ALL = {"aws:SecureTransport": "true", "aws:ViaAWSService": "false", "aws:PrincipalIsAWSService": "false"}


def check_actor(account: Account, actor: Actor) -> Outcome:
    """``account`` is the actor's, with credentials that may look at its roles."""
    number = account.actor.account
    if "*" in actor.role_arn:
        return Outcome("unknown", f"nobody tells the name of the role of {actor.name}", "make bootstrap")
    inquiry = _Inquiry(account, actor)
    try:
        answers = inquiry.simulated()
    except AccessDeniedError:
        try:
            answers = inquiry.read()
        except AccessDeniedError as error:
            wanted = f"allow iam:SimulatePrincipalPolicy on {actor.role_arn} to {account.actor}"
            return Outcome("unknown", f"neither simulated nor read: {error.problem}", wanted)
    return no_role(actor, number) if answers is None else outcome_of(actor, number, answers)


class _Inquiry:
    """All that is asked about one role. Its policies are read at most once, where the simulation does not do."""

    def __init__(self, account: Account, actor: Actor) -> None:
        self._account = account
        self._actor = actor

    @cached_property
    def held(self) -> HeldPolicies | None:
        return held_policies(self._account, self._actor.role)

    def simulated(self) -> list[Answer] | None:
        """None where there is no such role."""
        answers: list[Answer] = []
        for question in questions(self._actor):
            context = self._context(question)
            found = simulate(self._account, self._actor.role_arn, question.actions, question.resource, context)
            if found is None:
                return None
            answers += [self._answer(question, action, found.get(action)) for action in question.actions]
        return answers

    def read(self) -> list[Answer] | None:
        if self.held is None:
            return None
        held = self.held
        return [
            self._read(question, action, held) for question in questions(self._actor) for action in question.actions
        ]

    def _answer(self, question: Question, action: str, found: Simulated | None) -> Answer:
        if found is None:
            return Answer(action, question.resource, "unknown", "IAM gave no answer")
        if found.decision == "allowed":
            return Answer(action, question.resource, "allowed")
        if found.decision == "implicitDeny" and found.missing:
            return self._read_instead(question, action, found)
        return Answer(action, question.resource, "denied", _why(found))

    def _read_instead(self, question: Question, action: str, found: Simulated) -> Answer:
        """A condition key that nobody told may be all that was lacking."""
        try:
            if self.held is not None:
                return self._read(question, action, self.held)
        except DeploymentError:
            pass
        untold = f"it may depend on {', '.join(found.missing)}"
        return Answer(action, question.resource, "unknown", untold)

    def _read(self, question: Question, action: str, held: HeldPolicies) -> Answer:
        context = {key.lower(): value for key, value in self._context(question).items()}
        request = Request(action, question.resource, self._actor.role_arn, context)
        reading = read_identity(held.documents, request, held.boundary)
        return Answer(action, question.resource, reading.verdict, reading.reason, simulated=False)

    def _context(self, question: Question) -> dict[str, str]:
        own = {
            "aws:PrincipalArn": self._actor.role_arn,
            "aws:PrincipalAccount": self._account.actor.account,
            "aws:RequestedRegion": self._account.region,
        }
        return {**_OF_ALL, **own, **question.context}


def _why(found: Simulated) -> str:
    if found.by_organization:
        return "a policy of the organization does not allow it"
    if found.bounded:
        return "the permissions boundary does not allow it"
    return "a policy denies it" if found.decision == "explicitDeny" else "no policy allows it"
