"""`snaptrace fields`: what filters may ask for, for people and for completion."""

from rich.console import Console

from snaptrace.query.fields import completions, help_lines


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
    console = Console(highlight=False, soft_wrap=True, markup=False)
    for line in completions(term) if term else help_lines():
        console.print(line)
    return 0
