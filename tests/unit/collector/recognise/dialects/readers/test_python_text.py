import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.recognise.dialects.readers.python_text import UnreadableTextError, loads

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(VALUES)
def test_what_python_writes_is_read_back(value):
    """A recorded request would come back changed."""
    assert loads(repr(value)) == value


@given(st.text(alphabet="[]{}(),:'\"\\ abcNone01.-", max_size=60))
def test_nothing_else_escapes(text):
    """A hostile value would end the tap."""
    try:
        loads(text)
    except UnreadableTextError:
        return


@pytest.mark.parametrize(
    "text",
    [
        "[" * 10_000,
        "[" + "0," * 300_000 + "]",
        "__import__('os').system('true')",
        "[f(1)]",
        "{1: {2: 3}",
        "'\\U00ffffff'",
        "9" * 100,
        "",
    ],
)
def test_what_is_no_plain_literal_is_refused(text):
    """Code would be looked at, or a bomb unpacked."""
    with pytest.raises(UnreadableTextError):
        loads(text)
