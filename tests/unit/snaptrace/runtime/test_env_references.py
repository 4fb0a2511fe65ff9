"""`snaptrace.runtime.env_references`: `${env:NAME}` in the configuration file."""

import pytest

from snaptrace.runtime.config import ConfigError, StoreConfig, load
from snaptrace.runtime.env_references import UnsetVariableError, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${env:NUMBER}", 7),
        ("${env:LIST}", [1, 2]),
        ("a-${env:NUMBER}-b", "a-7-b"),
        ("${env:NAME}", "shop"),
        ("${env:GONE:-none}", "none"),
        ("${env:EMPTY:-none}", "none"),
        ("${env:EMPTY}", ""),
        ("${env:GONE:-}", ""),
        ("cost: $$5", "cost: $5"),
        ("$${env:NAME}", "${env:NAME}"),
        (r"^\d+$", r"^\d+$"),
        ("${NAME}", "${NAME}"),
        (3, 3),
    ],
)
def test_a_reference_means_what_the_collector_means(text, value):
    """A configuration written by habit would be read as another one."""
    environ = {"NUMBER": "7", "LIST": "[1, 2]", "NAME": "shop", "EMPTY": ""}
    assert resolve({"key": [text]}, environ) == {"key": [value]}


def test_a_value_is_not_read_again():
    """A secret that holds a dollar sign and a brace would be replaced or refused."""
    assert resolve("${env:A}", {"A": "${env:B}"}) == "${env:B}"


def test_a_missing_variable_is_named(tmp_path):
    """A program would start with an empty token and fail much later."""
    with pytest.raises(UnsetVariableError, match=r"\$\{env:TOKEN\} is not set"):
        resolve("${env:TOKEN}", {})
    path = tmp_path / "snaptrace.yaml"
    path.write_text("store: {url: '${env:STORE_URL}'}\n")
    with pytest.raises(ConfigError, match="STORE_URL"):
        load(str(path), {})
    document = load(str(path), {"STORE_URL": "memory://x"})
    assert document.section("store", StoreConfig).url == "memory://x"
