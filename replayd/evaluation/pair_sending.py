"""One try of a pair: requests of both arms built alike, sent together.

Canary and control go out in an order drawn beforehand, with one deadline. What either
model refuses to be sent is left out for both.
"""

import asyncio
from collections.abc import Callable, Collection
from typing import Literal

from msgspec import Struct

from replayd.arms.arm import Arm
from replayd.arms.endpoint import Attempt, CallName, Endpoint
from replayd.cases.loader import Gone, Loaded
from replayd.model import Planned
from replayd.providers.contract import ProviderRequest, Refusal
from replayd.scoring.recorded import Recorded
from replayd.witness.compare import altered

Place = Literal["canary", "control", "second_control"]


class Ready(Struct, frozen=True):
    """A pair as it is sent, and what its answers are judged against."""

    canary: ProviderRequest
    control: ProviderRequest | None  # where there is such an arm
    recorded: Recorded
    subjects: tuple[str, ...]
    altered: str = ""  # why the control's request is not the recorded one, as intended


class Unsent(Struct, frozen=True):
    """The case could be sent to neither arm; nothing was spent."""

    reason: str  # from a bounded set


class PairSending:
    """Sends one try of a pair to one canary and its control.

    `on_control` hears of every call of the control as it ends.
    """

    def __init__(
        self,
        canary: Arm,
        control: Arm | None,
        on_control: Callable[[Attempt, str], None] = lambda _attempt, _modality: None,
    ) -> None:
        self._canary, self._control = canary, control
        self._on_control = on_control

    @property
    def timeout_seconds(self) -> float:
        """The longer of both arms' timeouts."""
        arms = (self._canary, self._control)
        return max(arm.config.timeout for arm in arms if arm is not None)

    @property
    def has_control(self) -> bool:
        """Whether there is a control."""
        return self._control is not None

    def model(self, place: Place) -> str:
        """Return the model that is asked in a place of the pair."""
        arm = self._canary if place == "canary" else self._control
        return "" if arm is None else arm.config.model

    def built(self, loaded: Loaded | Gone) -> Ready | Unsent:
        """Return the requests of both arms, or why there are none."""
        if isinstance(loaded, Gone):
            return Unsent(loaded.reason)
        canary = self._canary.request(loaded.snapshot, loaded.media)
        if isinstance(canary, Refusal):
            return Unsent(canary.reason)
        arm, control = self._control, None
        if arm is not None:
            control = arm.request(loaded.snapshot, loaded.media, canary.left_out)
        if isinstance(control, Refusal):
            return Unsent(control.reason)
        if control is not None and control.left_out != canary.left_out:
            # What either model refuses is left out for both, or they would be asked
            # different things.
            left_out = control.left_out
            canary = self._canary.request(loaded.snapshot, loaded.media, left_out)
            if isinstance(canary, Refusal):
                return Unsent(canary.reason)
        api, left_out = loaded.snapshot.request.api, canary.left_out
        why = "" if arm is None else altered(arm.config, api, left_out)
        return Ready(canary, control, loaded.recorded, loaded.subjects, why)

    async def take_slots(self) -> None:
        """Wait for a slot of each arm; both are used by `send`, or given back."""
        # Always the canary's first: one order for all pairs cannot deadlock.
        await self._canary.endpoint.take_slot()
        if self._control is None:
            return
        try:
            await self._control.endpoint.take_slot()
        except asyncio.CancelledError:
            self._canary.endpoint.give_back()
            raise

    def give_back_slots(self, but: Collection[Place] = ()) -> None:
        """Return slots that were taken and not used."""
        if "canary" not in but:
            self._canary.endpoint.give_back()
        if self._control is not None and "control" not in but:
            self._control.endpoint.give_back()

    async def send(
        self,
        planned: Planned,
        ready: Ready,
        deadline: float,
        call: CallName,
        before_second: Callable[[], object] = lambda: None,
    ) -> dict[Place, Attempt]:
        """Send one try to all places of the pair, in slots taken before.

        `before_second` runs when the second call of the control is sent.
        """
        found: dict[Place, Attempt] = {}
        begun: set[Place] = set()

        async def canary() -> None:
            begun.add("canary")
            found["canary"] = await self._canary.endpoint.attempt(
                ready.canary, deadline, call
            )

        async def control(place: Place) -> None:
            if self._control is None or ready.control is None:
                return
            begun.add(place)
            endpoint = self._control.endpoint
            if place == "second_control":
                if not await _slot_by(endpoint, deadline):
                    return
                before_second()  # it may have waited
            attempt = await endpoint.attempt(ready.control, deadline, call)
            self._on_control(attempt, planned.case.modality)
            found[place] = attempt

        if ready.control is None:
            await canary()
            return found
        try:
            async with asyncio.TaskGroup() as group:
                # What is awaited here begins before the tasks do.
                first, other = canary(), control("control")
                if not planned.canary_first:
                    first, other = other, first
                group.create_task(other)
                if planned.second_control:
                    group.create_task(control("second_control"))
                await first
        except asyncio.CancelledError:
            self.give_back_slots(but=begun)  # of a task that never began
            raise
        return found


def call_of(planned: Planned, *, fresh: bool) -> CallName:
    """Return the name by which a pair's calls are told from those of others."""
    return CallName(f"{planned.number}/{planned.case.snapshot_id}", fresh)


async def _slot_by(endpoint: Endpoint, deadline: float) -> bool:
    """Take a slot; false if there was none until `deadline`."""
    try:
        async with asyncio.timeout_at(deadline):
            await endpoint.take_slot()
    except TimeoutError:
        return False
    return True
