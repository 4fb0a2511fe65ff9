"""The file that `snaptrace scorer new` writes."""

import re

_TEXT = '''"""A scorer for snaptrace: {words}.

Check it:  snaptrace scorer check {module}:{name}
Use it, in snaptrace.yaml:

    replayd:
      scorers:
        {name}:
          use: {module}:{name}
          version: "1"
          role: diagnostic  # then quality or invariants

Or give it a name, in your pyproject.toml:

    [project.entry-points."snaptrace.scorers"]
    {name} = "{module}:{name}"
"""

from snaptrace.api import Answer, Score, ScorerCase


class {kind}:
    """Share of the recorded words that an answer has, too."""

    name = "{name}"
    version = "1"  # another one after every change of a value

    def applies(self, case: ScorerCase) -> bool:
        """Decide from request and recording alone."""
        return bool(case.reference.text.split())

    def score(self, case: ScorerCase, answer: Answer) -> Score:
        """Return how usable the answer is, from 0 (useless) to 1 (right)."""
        wanted = set(case.reference.text.casefold().split())
        found = wanted & set(answer.text.casefold().split())
        missing = len(wanted) - len(found)
        return Score(len(found) / len(wanted), f"{{missing}} words missing")


{name} = {kind}()
'''


def template(name: str) -> str:
    """Return a working scorer to begin with.

    Raises:
        ValueError: the name is no Python name.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,60}", name):
        raise ValueError("a name is small letters, digits and _")
    kind = "".join(part.capitalize() for part in name.split("_"))
    return _TEXT.format(
        name=name, module=f"{name}_scorer", kind=kind, words=name.replace("_", " ")
    )
