"""Results with token counts, built from a few words."""

from fakes.pair_results import result_of
from fakes.stored_calls import hexed

from replayd.model import ArmOutcome, TokenWitness
from replayd.witness.row import Row

ROW = Row("lib", "1.0", "chat", "openai_chat", "text", "scope_unrecorded")
VOUCHED = ROW._replace(doubt="")


def counted(number, difference=0, *, row=ROW, replayed=200, **more):
    """Return a result whose recorded count exceeds the replayed by `difference`."""
    model, place = more.get("model", "m-1"), more.get("place", number % 5)
    return result_of(
        number,
        snapshot_id=hexed("case", more.get("case", number)),
        control=ArmOutcome(
            outcome="answered", served_model=model, input_tokens=replayed
        ),
        service="shop",
        route=f"r{place}",
        witness=TokenWitness(
            row=row,
            recorded=replayed + difference,
            again=more.get("again", 0),
            tools=more.get("tools", False),
            none=more.get("none", ""),
            named=more.get("named", False),
        ),
    )
