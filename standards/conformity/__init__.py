"""Conformity: a standard against what is shown of a lot gives findings and a verdict, for one day."""

from standards.conformity.facts import Facts
from standards.conformity.judgement import Judgement
from standards.conformity.judging import DecisionRule, judge, judge_facts
from standards.conformity.lotdata.reading import LotError, lot_from
from standards.conformity.lots import Evidence, HeldDocument, Lot, Measurement, Qualifier, Statement
from standards.conformity.outcomes import Finding, Missing, Outcome, Result, Verdict
from standards.conformity.reading import StandardError, standard_from, standards
from standards.conformity.rules import Certainty, Standard

__all__ = [
    "Certainty",
    "DecisionRule",
    "Evidence",
    "Facts",
    "Finding",
    "HeldDocument",
    "Judgement",
    "Lot",
    "LotError",
    "Measurement",
    "Missing",
    "Outcome",
    "Qualifier",
    "Result",
    "Standard",
    "StandardError",
    "Statement",
    "Verdict",
    "judge",
    "judge_facts",
    "lot_from",
    "standard_from",
    "standards",
]
