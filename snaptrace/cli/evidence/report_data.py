"""Everything that a report of one epoch says, read from the store."""

import mimetypes
from base64 import b64encode
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from replayd.config import ReplaydConfig
from replayd.drills.known import known_sensitivity
from replayd.evaluation.epochs import folded
from replayd.evidence.scoreboard import Scoreboard
from replayd.evidence.settings import BoardSettings, gating_set, stream_settings
from replayd.http.page.plots import Plot, plotted
from replayd.ledger.ledger import epochs
from replayd.model import Charged, Epoch
from replayd.results.epoch_list import EpochShown, listed, settings_for
from replayd.results.history import History
from replayd.results.index_reader import IndexReader
from replayd.results.pair_view import WorstPair, worst_pairs
from replayd.services.verdict_publisher import Published
from replayd.stats import StatsError
from replayd.verdicts.compute import VerdictComputation
from replayd.verdicts.views import CanaryView, LiveTraffic, ModalityView
from snaptrace.cli.session import Opened
from snaptrace.runtime.clock import Clock
from snaptrace.snapshot import object_names

LARGEST_MEDIUM = 400_000  # bytes; a larger one is named, not embedded
LARGEST_REPORT = 8_000_000  # bytes of media altogether
_SHOWN_IMAGES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})


SIDES = ("recorded", "control", "canary")


class Picture(Struct, frozen=True):
    """An image in the file."""

    shows: str  # asked, or whose answer
    uri: str  # its data


class PairShown(Struct, frozen=True, kw_only=True):
    """One pair, with its media as they stand in the file."""

    pair: WorstPair
    images: tuple[Picture, ...] = ()
    left_out: tuple[str, ...] = ()  # media that are named only


class ReportData(Struct, frozen=True, kw_only=True):
    """Contents of a report; what people wrote only where it was asked for."""

    epoch: Epoch
    view: CanaryView
    live: bool  # whether coverage is that of the last publication, not unknown
    plots: dict[str, Plot | None]  # of the stream `quality`, by modality
    pairs: dict[str, list[PairShown]]  # the worst ones, by modality
    epochs: list[EpochShown]
    spent: Charged
    until_ns: int  # when the newest pair was committed
    made_at_ns: int
    alpha: float
    eps: float
    with_content: bool


async def gathered(
    opened: Opened,
    config: ReplaydConfig,
    epoch: Epoch,
    clock: Clock,
    *,
    limit: int,
    folder: Path | None,
) -> ReportData:
    """Read everything; `folder` takes media on their way, None: no content at all."""
    settings = settings_for(config, epoch.canary)
    board = await folded(opened.store, clock, epoch, settings)
    view, is_live = await _view(opened, board, epoch, clock)
    history = History(opened.store, opened.key, clock)
    embedding = _Embedding(opened, history, epoch, folder)
    pairs = {name: await embedding.worst(name, limit) for name in view.modalities}
    spent, until_ns = await _spent(history, epoch)
    return ReportData(
        epoch=epoch,
        view=view,
        live=is_live,
        plots=await _plots(opened, clock, epoch, view, settings),
        pairs=pairs,
        epochs=[
            each async for each in listed(opened.store, clock, settings, epoch.canary)
        ],
        spent=spent,
        until_ns=until_ns,
        made_at_ns=clock.now_ns(),
        alpha=settings.alpha,
        eps=settings.eps,
        with_content=folder is not None,
    )


async def _view(
    opened: Opened, board: Scoreboard, epoch: Epoch, clock: Clock
) -> tuple[CanaryView, bool]:
    """Return the verdicts as published last; else what the evidence alone says."""
    published = await _published(opened)
    known = published.verdicts.canaries.get(epoch.canary) if published else None
    if known is not None and known.epoch == epoch.epoch:
        return known, True
    computed = VerdictComputation(board)
    drilled = await known_sensitivity(opened.store)
    view = computed.view(clock.now_ns(), LiveTraffic(), drilled)
    found = computed.found()
    modalities: dict[str, ModalityView] = {
        name: replace(shown, verdict=found[name].word, reason="")
        for name, shown in view.modalities.items()
        if name in found
    }
    tried = len(await epochs(opened.store, epoch.canary))
    return replace(view, modalities=modalities, epochs_tried=tried), False


async def _published(opened: Opened) -> Published | None:
    names = [info.name async for info in opened.store.list(object_names.SHOWN)]
    if not names:
        return None
    try:
        data = await opened.store.get(max(names))
        return msgspec.msgpack.decode(data, type=Published)
    except msgspec.MsgspecError:
        return None  # of another release


async def _plots(
    opened: Opened,
    clock: Clock,
    epoch: Epoch,
    view: CanaryView,
    settings: BoardSettings,
) -> dict[str, Plot | None]:
    reader = IndexReader(opened.store, clock)
    plots: dict[str, Plot | None] = {}
    for modality in view.modalities:
        gating = gating_set(epoch, settings).with_later(modality)
        try:
            asked = stream_settings(settings, gating, modality, "quality")
            points = await reader.trail(epoch, modality, asked)
        except StatsError:
            plots[modality] = None  # of another release
        else:
            plots[modality] = plotted(points, settings.margin(modality))
    return plots


class _Embedding:
    """Worst pairs with their images in the file, within a bound for all of it."""

    def __init__(
        self, opened: Opened, history: History, epoch: Epoch, folder: Path | None
    ) -> None:
        self._opened, self._history = opened, history
        self._epoch, self._folder = epoch, folder
        self._room = LARGEST_REPORT

    async def worst(self, modality: str, limit: int) -> list[PairShown]:
        """Return a modality's worst pairs; without a folder no content of them."""
        found = worst_pairs(
            self._history,
            self._epoch,
            modality=modality,
            limit=limit,
            media_to=self._folder,
            reading=self._reading,
        )
        if self._folder is None:
            return [PairShown(pair=without_content(pair)) async for pair in found]
        return [self._shown(pair) async for pair in found]

    def _reading(self, snapshot_id: str) -> None:
        if self._folder is not None:
            self._opened.read("report", [snapshot_id])

    def _shown(self, pair: WorstPair) -> PairShown:
        images, left = [], []
        for path in map(Path, pair.media):
            mime = mimetypes.guess_type(path.name)[0] or ""
            size = path.stat().st_size
            if mime in _SHOWN_IMAGES and size <= min(LARGEST_MEDIUM, self._room):
                self._room -= size
                data = b64encode(path.read_bytes()).decode()
                images.append(Picture(_shows(path), f"data:{mime};base64,{data}"))
            else:
                left.append(f"{mime or 'medium'}, {size:,} bytes")
        return PairShown(pair=pair, images=tuple(images), left_out=tuple(left))


def _shows(path: Path) -> str:
    """Return what a written medium is, by its name."""
    side = path.stem.split("-")[-2]
    return f"answer, {side}" if side in SIDES else "asked"


def without_content(pair: WorstPair) -> WorstPair:
    """Return a pair with its numbers and ids only."""
    bare = {name: replace(each, reason="") for name, each in pair.scores.items()}
    return replace(
        pair,
        question="",
        recorded=None,
        said_canary=None,
        said_control=None,
        media=(),
        scores=bare,
    )


async def _spent(history: History, epoch: Epoch) -> tuple[Charged, int]:
    requests = tokens = control = until_ns = 0
    money = 0.0
    async for result in history.results(epoch):
        until_ns = max(until_ns, result.committed_at_ns)
        if (charged := result.charged) is not None:
            requests += charged.requests
            tokens += charged.tokens
            control += charged.control_calls
            money += charged.money
    total = Charged(
        requests=requests, tokens=tokens, money=money, control_calls=control
    )
    return total, until_ns
