"""`own_resource`: who a program says it is in its own telemetry."""

import pytest

from snaptrace.runtime.own_resource import own_resource

DEFAULTS = {"service.name": "snaptrace-replayd", "service.version": "1"}


@pytest.mark.parametrize(
    ("environ", "changed"),
    [
        ({}, {}),
        ({"OTEL_SERVICE_NAME": "judge"}, {"service.name": "judge"}),
        ({"OTEL_SERVICE_NAME": " "}, {}),
        (
            {"OTEL_RESOURCE_ATTRIBUTES": "team=search, place=a%2Cb%20c,"},
            {"team": "search", "place": "a,b c"},
        ),
        (
            {
                "OTEL_SERVICE_NAME": "judge",
                "OTEL_RESOURCE_ATTRIBUTES": "service.name=other",
            },
            {"service.name": "judge"},
        ),
        ({"OTEL_RESOURCE_ATTRIBUTES": "service.name=other"}, {"service.name": "other"}),
    ],
)
def test_the_environment_has_the_last_word(environ, changed):
    """A platform's own attributes would be missing from what the program sends."""
    assert own_resource(DEFAULTS, environ) == DEFAULTS | changed


def test_a_damaged_variable_counts_as_unset(caplog):
    """Half of it would be taken, or its text, a secret perhaps, end up in a log."""
    environ = {"OTEL_RESOURCE_ATTRIBUTES": "team=search,hunter2"}
    assert own_resource(DEFAULTS, environ) == DEFAULTS
    assert "OTEL_RESOURCE_ATTRIBUTES" in caplog.text
    assert "hunter2" not in caplog.text
