"""Borders: what a lot needs to cross from one state to another on a day: status, entry, papers, tariff, origin."""

from standards.borders.checking import Answer, check
from standards.borders.deadlines import Dated
from standards.borders.facts import FACTS, Crossing, CrossingError, Input, Kind, Lot, Route, Value, Worth
from standards.borders.gates import Gate, Outcome, Source
from standards.borders.reading import BorderLawError
from standards.borders.rules import Borders
from standards.borders.shelf import borders
from standards.borders.sighting import OPERATIONS

__all__ = [
    "FACTS",
    "OPERATIONS",
    "Answer",
    "BorderLawError",
    "Borders",
    "Crossing",
    "CrossingError",
    "Dated",
    "Gate",
    "Input",
    "Kind",
    "Lot",
    "Outcome",
    "Route",
    "Source",
    "Value",
    "Worth",
    "borders",
    "check",
]
