"""`snaptrace report`: one epoch as a file for people, a pull request or a pipeline."""

import asyncio
import sys
import tempfile
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import jinja2
from cyclopts import Parameter

from replayd.config import ReplaydConfig
from replayd.errors import ReplaydError
from replayd.http.page.formatting import FILTERS
from replayd.http.page.sentences import sentence
from replayd.verdicts.holdups import holdups
from snaptrace import VERSION
from snaptrace.cli.evidence.report_data import ReportData, gathered
from snaptrace.cli.evidence.verdict_junit import junit
from snaptrace.cli.evidence.worst import chosen_epoch
from snaptrace.cli.options import Source
from snaptrace.cli.output import CommandError
from snaptrace.cli.session import Opened
from snaptrace.runtime.clock import SystemClock

ReportFormat = Literal["html", "markdown", "junit"]


def report(
    source: Source | None = None,
    *,
    canary: str = "canary",
    epoch: str = "",
    out: Annotated[Path | None, Parameter(alias="-o")] = None,
    format: ReportFormat = "html",  # noqa: A002 - the name of the option
    content: bool = True,
    limit: Annotated[int, Parameter(alias="-n")] = 5,
) -> int:
    """Write one epoch as a file: verdicts, evidence over time, worst pairs, cost.

    HTML is one file that needs nothing else; Markdown suits a pull request, JUnit a
    pipeline's viewer. Reading content is audited as everywhere.

    Parameters
    ----------
    canary
        Name of the arm.
    epoch
        An earlier epoch, as for `worst`; the newest if not given.
    out
        The file; standard output if not given.
    format
        html, markdown or junit.
    content
        Show questions, answers and images; --no-content leaves numbers and ids.
    limit
        Worst pairs per modality.
    """
    opened = Opened.of(source)
    config = (source or Source()).document().section("replayd", ReplaydConfig)
    # Markdown and JUnit go to places that nobody audits.
    with_content = content and format == "html"

    async def gather() -> ReportData:
        chosen = await chosen_epoch(opened, canary, epoch)
        with ExitStack() as stack:
            stack.enter_context(opened.waiting("reading results"))
            folder = None
            if with_content:
                made = tempfile.TemporaryDirectory(prefix="snaptrace-report-")
                folder = Path(stack.enter_context(made))
            clock = SystemClock()
            return await gathered(
                opened, config, chosen, clock, limit=limit, folder=folder
            )

    try:
        data = asyncio.run(gather())
    except ReplaydError as error:
        raise CommandError(str(error)) from None
    if format == "junit":
        text = junit(data.epoch.canary, data.view)
    else:
        text = rendered(data, format)
    if out is None:
        sys.stdout.write(text)
        return 0
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"--out {out}: {error.strerror}") from None
    opened.errors.print(f"wrote {out} ({len(text.encode()):,} bytes)", markup=False)
    return 0


def rendered(data: ReportData, kind: Literal["html", "markdown"]) -> str:
    """Return the report's text."""
    page, own = files("replayd.http.page"), files("snaptrace.cli.evidence")
    texts = {
        "parts.html": (page / "templates" / "parts.html").read_text("utf-8"),
        "report.html": (own / "templates" / "report.html").read_text("utf-8"),
        "report.md": (own / "templates" / "report.md").read_text("utf-8"),
    }
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(texts),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.filters["sentence"] = sentence
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|")
    name = "report.html" if kind == "html" else "report.md"
    return environment.get_template(name).render(
        data=data,
        view=data.view,
        epoch=data.epoch,
        held=holdups(data.view) if data.live else (),
        style=(page / "assets" / "page.css").read_text("utf-8"),
        version=VERSION,
    )
