"""Who may do what, by token or by the proxy's header."""

import pytest
from aiohttp.test_utils import make_mocked_request

from replayd.http.page.access import Access, Listed, read_people
from snaptrace.runtime.config import Address, ConfigError

LOCAL, WIDE = Address("127.0.0.1:0"), Address("0.0.0.0:9466")
ANN = Listed("ann", "decide", "ann-token-0123456789")
PAT = Listed("pat@example.org", "operate", "")


def person(access, **headers):
    """Return who sends these headers: (name, right), or None."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    found = access.person(make_mocked_request("GET", "/", headers=sent))
    return found and (found.name, found.right)


def test_without_people_whoever_gets_in_may_do_all():
    """A team of two would need a directory before its first decision."""
    assert person(Access(LOCAL)) == ("this machine", "operate")
    shared = Access(WIDE, "s3cret")
    assert person(shared, Authorization="Bearer s3cret") == ("token", "operate")
    assert person(shared, Cookie="snaptrace_page=s3cret") == ("token", "operate")
    assert person(shared, Authorization="Bearer wrong") is None
    assert person(shared) is None


def test_with_people_rights_are_theirs():
    """A reader could decide, or nobody could."""
    access = Access(WIDE, "s3cret", (ANN, PAT), "X-User")
    assert person(access, Authorization=f"Bearer {ANN.token}") == ("ann", "decide")
    proxy = {"Authorization": "Bearer s3cret"}
    assert person(access, **proxy) == ("token", "read")
    named = {**proxy, "X_User": "pat@example.org"}
    assert person(access, **named) == ("pat@example.org", "operate")
    other = {**proxy, "X_User": "guest@example.org"}
    assert person(access, **other) == ("guest@example.org", "read")


def test_a_header_alone_opens_nothing():
    """Whoever reaches the port could write any name into a header."""
    access = Access(WIDE, "s3cret", (PAT,), "X-User")
    assert person(access, X_User="pat@example.org") is None


def test_a_name_does_not_stand_in_for_its_token():
    """A reader could borrow the rights of somebody who has a token."""
    access = Access(WIDE, "s3cret", (ANN,), "X-User")
    sent = {"Authorization": "Bearer s3cret", "X_User": "ann"}
    assert person(access, **sent) == ("ann", "read")


def test_tokens_of_people_guard_a_wide_address():
    """Prompts would stand open, or a shared token would be needed beside them."""
    with pytest.raises(ConfigError, match="page_token_file"):
        Access(WIDE, people=(PAT,))
    assert person(Access(WIDE, people=(ANN,))) is None


def test_a_people_file_is_read(tmp_path):
    """Rights would be those of another line."""
    path = tmp_path / "people"
    path.write_text(f"# team\n\nann decide {ANN.token}\npat@example.org operate -\n")
    assert read_people(str(path)) == (ANN, PAT)
    assert read_people("") is None


@pytest.mark.parametrize(
    "line",
    ["ann decide", "ann admin abcdefghijklmnopqrst", "ann decide short", "a b c d"],
)
def test_a_wrong_line_is_named(tmp_path, line):
    """A mistake would lock everybody out, or let everybody in."""
    path = tmp_path / "people"
    path.write_text(f"# team\n{line}\n")
    with pytest.raises(ConfigError, match=":2"):
        read_people(str(path))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_people(str(tmp_path / "missing"))
