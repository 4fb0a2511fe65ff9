"""`snaptrace fields`: what filters may ask for, for people and for completion."""

import sys

from snaptrace.cli.output import console_of
from snaptrace.query.fields import completions, help_rows
from snaptrace.runtime.fitted_table import facts


def fields(term: str = "") -> int:
    """List the fields of filters, or what a term may become.

    A filter is terms that must all hold, as 'service=shop outcome=refused,error'.
    Operators: = and != with * for any characters and several values by comma; < <= >
    >= for numbers and times; ~ for words of the text.

    Parameters
    ----------
    term
        The beginning of a term, as modality=im; for completion in a shell.
    """
    if term:
        sys.stdout.writelines(f"{each}\n" for each in completions(term))
    else:
        console_of().print(facts(help_rows()))
    return 0
