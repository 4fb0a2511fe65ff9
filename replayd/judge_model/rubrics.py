"""Rubrics: one Markdown file per task, with a version. An operator may replace any."""

from hashlib import blake2b
from pathlib import Path
from typing import Literal, get_args

from msgspec import Struct

from snaptrace.runtime.config import ConfigError

Task = Literal[
    "chart",
    "table",
    "screenshot",
    "document",
    "photo",
    "transcript",
    "spoken_answer",
    "prose",
    "code",
    "tool_use",
    "refusal",
]
TASKS: tuple[Task, ...] = get_args(Task)
SHIPPED = Path(__file__).parent / "rubrics"
LARGEST_BYTES = 65_536
_FENCE = "---"


class Rubric(Struct, frozen=True):
    """Rubric of one kind of answer."""

    task: Task
    version: str
    text: str

    @property
    def name(self) -> str:
        """Task and version, as metrics and results have it."""
        return f"{self.task}@{self.version}"


class Rubrics(Struct, frozen=True):
    """One rubric for each task."""

    by_task: dict[Task, Rubric]

    @property
    def digest(self) -> str:
        """Identifies all texts and versions: another digest is another judge."""
        found = blake2b(digest_size=8, person=b"rubrics")
        for task in TASKS:
            rubric = self.by_task[task]
            found.update(f"{rubric.name}\n{rubric.text}\0".encode())
        return found.hexdigest()


def load_rubrics(folder: str = "") -> Rubrics:
    """Return the shipped rubrics; `folder` may hold others of the same file names.

    Raises:
        ConfigError: a file that is no rubric, or of a task that does not exist.
    """
    found = {task: _read(SHIPPED / f"{task}.md") for task in TASKS}
    if folder:
        own = Path(folder)
        if not own.is_dir():
            raise ConfigError("replayd.judge.rubrics", f"no such folder: {folder}")
        for path in sorted(own.glob("*.md")):
            rubric = _read(path)
            found[rubric.task] = rubric
    return Rubrics(found)


def _read(path: Path) -> Rubric:
    """Read front matter and text: a fence, `key: value` lines, a fence, Markdown."""
    try:
        data = path.read_bytes()
        text = data[:LARGEST_BYTES].decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("replayd.judge.rubrics", f"{path.name}: {error}") from None
    _, fence, rest = text.partition(f"{_FENCE}\n")
    head, closing, body = rest.partition(f"\n{_FENCE}\n")
    fields = dict(line.partition(":")[::2] for line in head.splitlines() if line)
    named = {key.strip(): value.strip() for key, value in fields.items()}
    task, version = named.get("task", ""), named.get("version", "")
    if not (fence and closing and version and body.strip()) or task not in TASKS:
        why = f"{path.name}: begin with '---', 'task: ' and 'version: ' lines, '---'"
        raise ConfigError("replayd.judge.rubrics", why)
    return Rubric(task=task, version=version, text=body.strip())
