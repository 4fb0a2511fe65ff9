"""The few kinds of panel that the dashboards are made of."""

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, RED, ORANGE, GREY = "green", "red", "orange", "text"
# Order and colour of the verdict words; the number is what the queries multiply by.
VERDICTS = (
    ("undecided", GREY),
    ("pass", GREEN),
    ("pass_with_drop", "light-green"),
    ("changed", ORANGE),
    ("regressed_previous_epoch", "semi-dark-red"),
    ("regressed", RED),
)


def board(uid: str, title: str, description: str) -> dashboard.Dashboard:
    """Return an empty dashboard with the data source as a variable."""
    return (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags(["snaptrace"])
        .readonly()
        .time("now-6h", "now")
        .refresh("1m")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(
            dashboard.DatasourceVariable("datasource")
            .label("Data source")
            .type("prometheus")
        )
    )


def choice(
    name: str, label: str, metric: str, *, many: bool
) -> dashboard.QueryVariable:
    """Return a variable over the values of a label of `metric`."""
    built = (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(f"label_values({metric}, {name})")
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(many)
    )
    return built.include_all(include_all=True) if many else built


def link(title: str, url: str) -> dashboard.DashboardLink:
    """Return a link to the inspection page, which stands where `$page` says."""
    return (
        dashboard.DashboardLink(title)
        .type(DashboardLinkType.LINK)
        .url(f"${{page}}{url}")
        .target_blank(target_blank=True)
    )


def query(expr: str, legend: str = "") -> prometheus.Dataquery:
    """Return a range query."""
    return prometheus.Dataquery().expr(expr).legend_format(legend).range()


def now(expr: str, legend: str = "") -> prometheus.Dataquery:
    """Return an instant query."""
    return prometheus.Dataquery().expr(expr).legend_format(legend).instant()


def rows(expr: str) -> prometheus.Dataquery:
    """Return an instant query whose labels become columns."""
    return now(expr).format(PromQueryFormat.TABLE)


def lines(
    title: str, text: str, unit: str, queries: list[prometheus.Dataquery]
) -> timeseries.Panel:
    """Return a panel of lines over time."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(text)
        .datasource(SOURCE)
        .unit(unit)
        .height(8)
        .span(8)
        .line_width(1)
        .fill_opacity(5)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(show_legend=True)
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    )
    for name, each in zip("ABCDEFGH", queries, strict=False):
        panel = panel.with_target(each.ref_id(name))
    return panel


def number(
    title: str, text: str, unit: str, query_: prometheus.Dataquery
) -> stat.Panel:
    """Return a panel with one number for each series."""
    return (
        stat.Panel()
        .title(title)
        .description(text)
        .datasource(SOURCE)
        .unit(unit)
        .height(4)
        .span(4)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(query_.ref_id("A"))
    )


def limits(panel: stat.Panel, *steps: tuple[float | None, str]) -> stat.Panel:
    """Colour a number by the last step that it reaches."""
    built = [Threshold(value=value, color=color) for value, color in steps]
    return panel.thresholds(
        dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(built)
    ).color_mode(BigValueColorMode.BACKGROUND)


def verdict_words() -> list[ValueMapping]:
    """Map the verdicts' numbers to their words and colours."""
    options = {
        str(index): ValueMappingResult(text=word, color=color, index=index)
        for index, (word, color) in enumerate(VERDICTS)
    }
    return [ValueMap(options=options)]


def timeline(title: str, text: str, expr: str, legend: str) -> statetimeline.Panel:
    """Return verdicts over time, one bar for each series."""
    return (
        statetimeline.Panel()
        .title(title)
        .description(text)
        .datasource(SOURCE)
        .mappings(verdict_words())
        .unit("none")
        .height(8)
        .span(24)
        .with_target(query(expr, legend).ref_id("A"))
    )


def listing(title: str, text: str, expr: str, hidden: tuple[str, ...]) -> table.Panel:
    """Return a table of an instant query's series, without the columns `hidden`."""
    dropped = dict.fromkeys(("Time", *hidden), True)
    return (
        table.Panel()
        .title(title)
        .description(text)
        .datasource(SOURCE)
        .unit("none")
        .height(8)
        .span(12)
        .with_target(rows(expr).ref_id("A"))
        .with_transformation(
            DataTransformerConfig(id_val="organize", options={"excludeByName": dropped})
        )
    )


def row(title: str) -> dashboard.Row:
    """Return a row that groups what follows."""
    return dashboard.Row(title)
