"""A ticket's severity from its own words: the same text and policy, the same decision.

    rubric = Rubric.of(policy)
    decision = decide(subject, body, rubric)

A trained model says how likely each fact is and where it read it; the policy's rules make a
severity of the facts. Nothing is learnt while running and nothing leaves the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from threadpoolctl import threadpool_limits

from worker.policy import Policy, Review, RubricRule, read_policy
from worker.severity.clean import clean, clean_subject
from worker.severity.decision import Evidence, judge
from worker.severity.meta import names_meta_decision
from worker.severity.model_file import read_model, shipped_model
from worker.severity.network import Network
from worker.severity.rubric import RubricTable
from worker.severity.sentences import Sentence, sentences
from worker.tickets import Decision, one_line

__all__ = ["Rubric", "decide"]


@dataclass(frozen=True, slots=True)
class Rubric:
    """The policy's rules and the model that reads facts. Safe to share between threads."""

    network: Network
    table: RubricTable
    rules: Sequence[RubricRule]
    review: Review

    @classmethod
    def of(cls, policy: Policy) -> Rubric:
        """The rubric of a policy. Raises `Misconfigured` when the model's file is damaged."""
        return cls(_network(), RubricTable.of(policy.rubric), policy.rubric, policy.review)

    @classmethod
    def built_in(cls) -> Rubric:
        """The rubric that comes with the product."""
        return cls.of(read_policy("", name="built-in", environment={}, channel_types={}))


def decide(subject: str, body: str, rubric: Rubric, *, later: bool = False) -> Decision:
    """How severe the ticket is by the rubric, and why.

    `later` says that the body is a later message of the thread which the subject opened.
    """
    title, own = clean_subject(subject), clean(body)
    read = sentences(title.text, own.text, reply=later or title.reply)
    evidence = Evidence(
        sentences=read,
        reading=rubric.network.read(read),
        ignored=(*title.ignored, *own.ignored),
        names_meta=_names_meta(read),
        empty=not any(letter.isalnum() for letter in own.text),
    )
    found = judge(evidence, rubric.table, rubric.rules, rubric.review)
    return found.model_copy(
        update={
            "reasons": tuple(
                reason.model_copy(update={"quote": one_line(reason.quote)})
                for reason in found.reasons
            )
        }
    )


def _names_meta(read: list[Sentence]) -> int | None:
    """The sentence that names what only Meta decides; most tickets name nothing of the kind."""
    if not names_meta_decision("\n".join(sentence.text for sentence in read)):
        return None
    return next((n for n, s in enumerate(read) if names_meta_decision(s.text)), None)


@cache
def _network() -> Network:
    """The shipped model, read once for all rubrics of a process.

    Its matrices are small: one core a decision is fastest, and leaves the others to other workers.
    """
    threadpool_limits(limits=1, user_api="blas")
    with shipped_model() as file:
        network, _ = read_model(file)
    return network
