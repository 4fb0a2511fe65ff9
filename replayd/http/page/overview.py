"""Overview of all canaries, and one modality with its evidence."""

from collections.abc import Iterator

from aiohttp import web
from msgspec import Struct

from replayd.http.page.certificate import shown_certificate
from replayd.http.page.formatting import Page
from replayd.http.page.plots import Plot, plotted
from replayd.http.page.site import UNREADABLE, Site
from replayd.model import STREAMS, Epoch
from replayd.results.pair_filter import PairFilter, find
from replayd.stats import StatsError, StreamSettings
from replayd.verdicts.views import CanaryView, ModalityView, StreamView

WORST_SHOWN = 10


class FunnelStep(Struct, frozen=True, kw_only=True):
    """One step from live traffic to a scored pair."""

    name: str
    count: int
    share: float | None  # of the step before it is compared with; None: no such
    lost: dict[str, int] = {}  # why the rest is not in it


class Overview:
    """Handlers of `/` and `/<canary>/<modality>`."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def all_canaries(self, _request: web.Request) -> web.Response:
        """Show every canary with one plot per modality."""
        site = self._site
        verdicts = site.verdicts()
        plots = {
            name: await self._deciding_plots(name, view)
            for name, view in verdicts.canaries.items()
        }
        return site.page("overview.html", verdicts=verdicts, plots=plots)

    async def one_modality(self, request: web.Request) -> web.Response:
        """Show one modality: streams over time, funnel, noise, worst pairs."""
        site = self._site
        canary, view, shown = site.modality(request)
        modality = request.match_info["modality"]
        epoch = await site.epoch(canary, view.epoch)
        try:
            index = await site.indexes.index(epoch)
            plots = {
                name: await self._plot(epoch, modality, name, stream)
                for name, stream in shown.streams.items()
            }
            drilled = await shown_certificate(site.store, modality)
        except UNREADABLE as error:
            return site.failed(error)
        wanted = PairFilter(modality=modality, change="worse")
        worst = find(index, wanted)
        rows = [index.row(number) for number in worst[:WORST_SHOWN]]
        return site.page(
            "modality.html",
            canary=canary,
            view=view,
            modality=modality,
            shown=shown,
            plots=plots,
            funnel=list(funnel(shown)),
            drilled=drilled,
            worst=Page(rows, 1, 1),
            worse=len(worst),
        )

    async def _deciding_plots(
        self, canary: str, view: CanaryView
    ) -> dict[str, Plot | None]:
        """Return each modality's deciding stream; none where results are unreadable."""
        found: dict[str, Plot | None] = {}
        try:
            epoch = await self._site.history.epoch(canary, view.epoch)
            for modality, shown in view.modalities.items():
                name = shown.deciding if shown.deciding in STREAMS else "quality"
                stream = shown.streams[name]
                found[modality] = (
                    await self._plot(epoch, modality, name, stream) if epoch else None
                )
        except UNREADABLE:
            return dict.fromkeys(view.modalities)
        return found

    async def _plot(
        self, epoch: Epoch, modality: str, name: str, stream: StreamView
    ) -> Plot | None:
        """Return a stream's course; None where another stream speaks in its place."""
        if stream.stream != name or not stream.replays:
            return None
        try:
            settings = StreamSettings(
                stream=name,
                margin=stream.margin,
                alpha_regression=stream.alpha_regression,
                alpha_pass=stream.alpha_pass,
                eps=stream.eps,
            )
        except StatsError:
            return None  # of another release: its settings are not guessed at
        points = await self._site.indexes.trail(epoch, modality, settings)
        return plotted(points, stream.margin)


def funnel(shown: ModalityView) -> Iterator[FunnelStep]:
    """Yield the steps from live traffic to scored pairs, each with what was lost."""
    yield FunnelStep(name="live calls seen", count=shown.seen, share=None)
    yield FunnelStep(
        name="replayable",
        count=shown.replayable,
        share=shown.replayable_share,
        lost=shown.not_replayable,
    )
    drawn = shown.pairs + sum(shown.excluded.values())
    yield FunnelStep(name="pairs replayed", count=drawn, share=None)
    yield FunnelStep(
        name="counted",
        count=shown.pairs,
        share=shown.pairs / drawn if drawn else None,
        lost=shown.excluded,
    )
    yield FunnelStep(
        name="scored for quality",
        count=shown.scored,
        share=shown.scored / shown.pairs if shown.pairs else None,
        lost={"no_rule": shown.unscored} if shown.unscored else {},
    )
