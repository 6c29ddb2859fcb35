"""Which receipt answers which shipment follows from the entries: nothing is answered twice, no gram is lost."""

from hypothesis import given
from hypothesis import strategies as st

from traceability.movements.pairing import Step, paired

SENT = st.tuples(st.just("sent"), st.integers(1, 1_000), st.sampled_from([1, 2]), st.sampled_from(["", "po:1", "po:2"]))
CAME = st.tuples(st.sampled_from(["received", "returned"]), st.integers(1, 1_000), st.sampled_from([None, 1, 2]),
                 st.sampled_from(["", "po:1", "po:2"]))  # fmt: skip


def sent(index: int, grams: int, sender: int = 1, *papers: str) -> Step:
    return Step(index, "sent", grams, sender=sender, references=frozenset(papers))


def came(index: int, grams: int, own: int, *papers: str) -> Step:
    return Step(index, "received", grams, own, references=frozenset(papers))


@given(st.lists(st.one_of(SENT, CAME), max_size=30))
def test_what_is_on_its_way_is_what_was_sent_less_what_came_and_went_back(
    told: list[tuple[str, int, int | None, str]],
) -> None:
    steps, there = list[Step](), 0
    for index, (kind, grams, who, paper) in enumerate(told):
        papers = frozenset([paper]) - {""}
        if kind == "sent":
            steps.append(Step(index, "sent", grams, sender=who, references=papers))
            there += grams
        elif there:
            part = min(grams, there)
            own = part + 1 if kind == "received" else 0
            steps.append(Step(index, "received" if own else "returned", part, own, who, papers))
            there -= part
    pairs = paired(steps)
    assert sum(pair.underway for pair in pairs.values()) == there
    assert all(0 <= pair.came + pair.returned <= pair.sent for pair in pairs.values())
    assert sum(pair.received for pair in pairs.values()) == sum(step.received for step in steps)
    assert all(answer > pair.shipment for pair in pairs.values() for answer in pair.answers)


def test_a_receipt_answers_by_paper_then_by_mass_then_by_age() -> None:
    shipments = [sent(0, 100), sent(1, 200, 1, "po:1"), sent(2, 300)]
    assert paired([*shipments, came(3, 100, 99, "po:1")])[1].came == 100
    assert paired([*shipments, came(3, 300, 299)])[2].received == 299
    assert paired([*shipments, came(3, 50, 50)])[0].came == 50


def test_one_receipt_of_several_shipments_is_split_by_their_masses() -> None:
    pairs = paired([sent(0, 100), sent(1, 300), came(2, 400, 390)])
    assert [(each.came, each.received, each.answers) for each in pairs.values()] == [(100, 98, [2]), (300, 292, [2])]


def test_an_amendment_changes_its_own_shipment_alone() -> None:
    steps = [sent(0, 100), sent(1, 100), came(2, 100, 100)]
    there = Step(3, "amended", -10, -5, movement=0)
    under_way = Step(4, "amended", 20, movement=1, underway=True)
    one, two = paired([*steps, there, under_way, came(5, 120, 120)]).values()
    assert (one.stated, one.sent, one.came, one.received) == (100, 90, 90, 95)
    assert (two.stated, two.sent, two.came, two.underway) == (100, 120, 120, 0)


def test_what_both_sides_agreed_on_stays_paired_whatever_becomes_of_the_others() -> None:
    shipments, agreed = [sent(0, 100), sent(1, 100)], Step(4, "amended", -10, -10, movement=1)
    answer = Step(3, "received", 100, 100, movement=1)
    assert paired([*shipments, came(2, 100, 100), answer, agreed])[1].received == 90
    alone = paired([*shipments, answer, agreed])  # the other receipt was taken back
    assert [(each.came, each.received, each.underway) for each in alone.values()] == [(0, 0, 100), (90, 90, 0)]
