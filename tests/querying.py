"""Events that differ in all that a query can ask, and what each query parameter means for one, in plain Python.

Written apart from the product: it reads events as they were sent, and knows the few identities and words in use by
name, so that it can disagree.
"""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

Event = dict[str, Any]
NS, OTHER = "https://ns.example.com/epcis/", "https://other.example.org/v#"
# The same namespaces under other prefixes in some documents.
CONTEXTS = ({"ex": NS, "ot": OTHER}, {"own": NS, "ot": OTHER}, {"ex": NS, "far": OTHER})
STEPS = {
    "shipping": "https://ref.gs1.org/cbv/BizStep-shipping", "receiving": "https://ref.gs1.org/cbv/BizStep-receiving",
    "https://steps.example/sorting": "https://steps.example/sorting",
}  # fmt: skip
STATES = {"in_transit": "https://ref.gs1.org/cbv/Disp-in_transit", "active": "https://ref.gs1.org/cbv/Disp-active"}
# Identity -> its spellings, and the identities and patterns that take it in.
THINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a2017": (
        ("urn:epc:id:sgtin:0614141.107346.2017", "https://id.gs1.org/01/10614141073464/21/2017",
         "https://firm.example/x/01/10614141073464/21/2017"),
        ("https://id.gs1.org/01/10614141073464", "urn:epc:idpat:sgtin:0614141.107346.*",
         "urn:epc:idpat:sgtin:0614141.*.*", "urn:epc:idpat:sgtin:*.*.*"),
    ),
    "b9": (
        ("urn:epc:id:sgtin:4012345.077889.25", "https://id.gs1.org/01/04012345778892/21/25"),
        ("https://id.gs1.org/01/04012345778892", "urn:epc:idpat:sgtin:4012345.077889.*",
         "urn:epc:idpat:sgtin:4012345.*.*", "urn:epc:idpat:sgtin:*.*.*"),
    ),
    "pallet": (
        ("urn:epc:id:sscc:0614141.1234567890", "https://id.gs1.org/00/106141412345678908"),
        ("urn:epc:idpat:sscc:0614141.*", "urn:epc:idpat:sscc:*.*"),
    ),
    "own": (("https://a.example/id/7,8|9".replace("|", "%7C"),), ()),
    "gid": (("urn:epc:id:gid:95100000.12345.400",), ("urn:epc:idpat:gid:95100000.*.*",)),
}  # fmt: skip
CLASSES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "lot": (
        ("urn:epc:class:lgtin:4012345.012345.998877", "https://id.gs1.org/01/04012345123456/10/998877"),
        ("https://id.gs1.org/01/04012345123456", "urn:epc:idpat:sgtin:4012345.012345.*",
         "urn:epc:idpat:sgtin:4012345.*.*", "urn:epc:idpat:sgtin:*.*.*"),
    ),
    "gtin": (("urn:epc:idpat:sgtin:4012345.012345.*", "https://id.gs1.org/01/04012345123456"),
             ("urn:epc:idpat:sgtin:4012345.*.*", "urn:epc:idpat:sgtin:*.*.*")),
    "flake": (("https://a.example/id/FLAKE",), ()),
}  # fmt: skip
PLACES = {
    "dock": ("urn:epc:id:sgln:0614141.07346.1234", "https://id.gs1.org/414/0614141073467/254/1234"),
    "yard": ("urn:epc:id:sgln:0614141.07346.0", "https://id.gs1.org/414/0614141073467"),
    "own": ("https://a.example/id/PLACE",),
}
PARTIES = ("urn:epc:id:pgln:4012345.00225", "https://a.example/id/PARTY")
UNITS = ("KGM", "LTR")
START = datetime(2026, 11, 1, tzinfo=UTC)


def _sometimes(chance: random.Random, event: Event, **fields: Callable[[], Any]) -> None:
    for name, make in fields.items():
        if chance.random() < 0.5:
            event[name] = make()


def spelled(chance: random.Random, table: dict[str, Any], least: int = 1, most: int = 2) -> list[str]:
    names = chance.sample(sorted(table), chance.randint(least, most))
    return [chance.choice(table[name][0] if isinstance(table[name][0], tuple) else table[name]) for name in names]


def quantities(chance: random.Random) -> list[Event]:
    found = []
    for uri in spelled(chance, CLASSES):
        one: Event = {"epcClass": uri}
        if chance.random() < 0.9:
            one["quantity"] = chance.choice([1, 2, 10, Decimal("2.50"), Decimal("0.001"), Decimal("1E+2")])
        if chance.random() < 0.7:
            one["uom"] = chance.choice(UNITS)
        found.append(one)
    return found


def _own(chance: random.Random, bound: dict[str, str], depth: int = 0) -> Event:
    """Fields of others, some inside each other."""
    found: Event = {}
    for prefix in bound:
        for name in ("field", "size", "when"):
            if chance.random() < 0.35:
                found[f"{prefix}:{name}"] = _value(chance, bound, depth)
    return found


def _value(chance: random.Random, bound: dict[str, str], depth: int) -> Any:
    kind = chance.randint(0, 5 if depth < 2 else 4)
    match kind:
        case 0:
            return chance.choice(["clear", "blue", "2026-11-05T00:00:00Z", "2026-11-05T09:00:00+09:00", "12", "12.0"])
        case 1:
            return chance.choice([12, 5, Decimal("12.5"), -3, 0])
        case 2:
            return chance.random() < 0.5
        case 3:
            return [_value(chance, bound, depth + 1) for _ in range(2)]
        case 4:
            return chance.choice(["2026-11-04T23:59:59.999Z", "blue"])
        case _:
            return _own(chance, bound, depth + 1) or {f"{next(iter(bound))}:size": 7}


def sensors(chance: random.Random, bound: dict[str, str]) -> list[Event]:
    report: Event = {"type": chance.choice(["Temperature", "Mass", "https://sensor.example/Moisture"])}
    _sometimes(
        chance, report, value=lambda: chance.choice([26, Decimal("-2.5"), 0]), minValue=lambda: 26,
        stringValue=lambda: chance.choice(["a,b", "x"]), booleanValue=lambda: chance.random() < 0.5,
        deviceID=lambda: chance.choice(["urn:epc:id:giai:4000001.111", "https://id.gs1.org/8004/4000001111"]),
        percRank=lambda: chance.choice([50, 99]),
    )  # fmt: skip
    report["uom"] = chance.choice(["CEL", "KGM"])
    element: Event = {"sensorReport": [{**report, **_own(chance, bound)}], **_own(chance, bound)}
    if chance.random() < 0.6:
        element["sensorMetadata"] = {"time": chance.choice(["2026-11-02T00:00:00Z", "2026-11-09T00:00:00Z"])}
        if chance.random() < 0.5:
            element["sensorMetadata"]["startTime"] = "2026-11-03T00:00:00Z"
    return [element]


def event(chance: random.Random, number: int, bound: dict[str, str]) -> Event:
    """One valid event of any kind."""
    kind = chance.choice(["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent",
                          "AssociationEvent"])  # fmt: skip
    moment = START + timedelta(hours=chance.randint(0, 400), milliseconds=number)
    made: Event = {
        "type": kind, "eventTime": moment.isoformat(timespec="milliseconds"), "eventTimeZoneOffset": "+00:00",
        "eventID": f"urn:uuid:{number}",
    }  # fmt: skip
    if kind != "TransformationEvent":
        made["action"] = chance.choice(["ADD", "OBSERVE", "DELETE"])
    match kind:
        case "ObjectEvent":
            made["epcList"] = spelled(chance, THINGS)
            if chance.random() < 0.5:
                made["quantityList"] = quantities(chance)
        case "TransactionEvent":
            made |= {"epcList": spelled(chance, THINGS), "quantityList": quantities(chance)}
            made["bizTransactionList"] = [{"type": "po", "bizTransaction": chance.choice(PARTIES)}]
        case "TransformationEvent":
            made |= {"inputEPCList": spelled(chance, THINGS), "outputEPCList": spelled(chance, THINGS)}
            made |= {"inputQuantityList": quantities(chance), "outputQuantityList": quantities(chance)}
            made["transformationID"] = f"urn:x:{chance.randint(1, 3)}"
        case _:
            made |= {"parentID": spelled(chance, THINGS, 1, 1)[0], "childEPCs": spelled(chance, THINGS)}
            made["childQuantityList"] = quantities(chance)
    if kind in {"ObjectEvent", "TransformationEvent"}:
        _sometimes(chance, made, persistentDisposition=lambda: {"set": ["active"], "unset": ["in_transit"]})
        if made.get("action", "ADD") == "ADD" and chance.random() < 0.6:
            made["ilmd"] = _own(chance, bound)
    _sometimes(
        chance, made, bizStep=lambda: chance.choice([*STEPS, *STEPS.values()]),
        disposition=lambda: chance.choice([*STATES, *STATES.values()]),
        readPoint=lambda: {"id": spelled(chance, PLACES, 1, 1)[0], **_own(chance, bound)},
        bizLocation=lambda: {"id": spelled(chance, PLACES, 1, 1)[0]},
        sourceList=lambda: [{"type": "owning_party", "source": chance.choice(PARTIES)}],
        destinationList=lambda: [{"type": "possessing_party", "destination": chance.choice(PARTIES)}],
        sensorElementList=lambda: sensors(chance, bound),
    )  # fmt: skip
    if chance.random() < 0.2:
        made["errorDeclaration"] = {
            "declarationTime": (START + timedelta(days=chance.randint(1, 20))).isoformat(),
            "reason": chance.choice(["incorrect_data", "https://ref.gs1.org/cbv/ER-did_not_occur"]),
            "correctiveEventIDs": [f"urn:uuid:c{chance.randint(1, 3)}"], **_own(chance, bound),
        }  # fmt: skip
    return made | _own(chance, bound)


# What a parameter means.


def named(table: dict[str, Any], uri: str) -> str | None:
    """The identity that a spelling belongs to."""
    for name, entry in table.items():
        if uri in (entry[0] if isinstance(entry[0], tuple) else entry):
            return name
    return None


def is_match(uri: str, wanted: str) -> bool:
    """Whether what an event names is the wanted identity, or taken in by it."""
    for table in (THINGS, CLASSES):
        name = named(table, uri)
        if name is not None and (wanted in table[name][0] or wanted in table[name][1]):
            return True
    return uri == wanted


def fields(event: Event, *names: str) -> Iterator[str]:
    for name in names:
        value = event.get(name, [])
        for each in value if isinstance(value, list) else [value]:
            yield each["epcClass"] if isinstance(each, dict) else each


def all_quantities(event: Event) -> Iterator[Event]:
    for name in ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"):
        yield from event.get(name, [])


def reports(event: Event) -> Iterator[Event]:
    for element in event.get("sensorElementList", []):
        yield from element["sensorReport"]
        if "sensorMetadata" in element:
            yield element["sensorMetadata"]


def compare(operator: str, one: Any, other: Any) -> bool:
    return {"EQ": one == other, "GT": one > other, "GE": one >= other, "LT": one < other, "LE": one <= other}[operator]


def scalars(value: Any) -> Iterator[Any]:
    """What stands in a field itself, not in fields inside it."""
    if isinstance(value, list):
        for each in value:
            yield from scalars(each)
    elif not isinstance(value, dict):
        yield value


def own_fields(holder: Event, bound: dict[str, str], *, inner: bool) -> Iterator[tuple[str, Any]]:
    """Address and value of the fields of others in an object, or of those inside them."""
    for key, value in holder.items():
        prefix, colon, local = key.partition(":")
        if colon and prefix in bound:
            if not inner:
                yield bound[prefix] + local, value
            else:
                yield from inside(value, bound)


def inside(value: Any, bound: dict[str, str]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for each in value:
            yield from inside(each, bound)
    elif isinstance(value, dict):
        for key, each in value.items():
            prefix, _, local = key.partition(":")
            yield bound[prefix] + local, each
            yield from inside(each, bound)


def number_in(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and value.lstrip("-").replace(".", "", 1).isdigit() else None


def moment_in(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) and "T" in value and value[0] == "2" else None


def holders(event: Event, scope: str) -> Iterator[Event]:
    match scope:
        case "":
            yield event
        case "ILMD":
            yield event.get("ilmd", {})
        case "ERROR_DECLARATION":
            yield event.get("errorDeclaration", {})
        case "readPoint":
            yield event.get("readPoint", {})
        case "SENSORELEMENT":
            yield from event.get("sensorElementList", [])
        case "SENSORREPORT":
            for element in event.get("sensorElementList", []):
                yield from element["sensorReport"]


def says(
    event: Event, bound: dict[str, str], operator: str, scope: str, inner: bool, address: str, wanted: str
) -> bool:
    """A field of others, compared."""
    for holder in holders(event, scope):
        for found, value in own_fields(holder, bound, inner=inner):
            if found != address:
                continue
            if operator == "EXISTS":
                return True
            if any(_holds(operator, each, wanted) for each in scalars(value)):
                return True
    return False


def _holds(operator: str, value: Any, wanted: str) -> bool:
    for read in (number_in, moment_in):
        one, other = read(value), read(wanted)
        if one is not None and other is not None and compare(operator, one, other):
            return True
    if operator != "EQ":
        return False
    return (str(value).lower() if isinstance(value, bool) else str(value)) == wanted
