"""Going on from an epoch's newest checkpoint."""

import msgspec

from replayd.errors import DamagedResultError
from replayd.evidence.epoch_fold import Fold
from replayd.ledger.ledger import Ledger


async def restore(fold: Fold, ledger: Ledger) -> int:
    """Restore what a checkpoint holds; return its number, 0 if there is none to use."""
    checkpoint = await ledger.newest_checkpoint()
    if checkpoint is not None:
        try:
            fold.restore(checkpoint.fold)
        except (msgspec.MsgspecError, DamagedResultError):
            fold.restart()  # slower, and the same in the end
    return fold.next_number
