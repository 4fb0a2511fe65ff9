"""Arguments of tools as trees, held against another call's."""

import json

from replayd.results.json_tree import DEEPEST, MOST_NODES, tree


def leaves(node, path=""):
    """Yield path, text and state of every leaf."""
    here = f"{path}/{node.name}" if node.name else path
    if not node.children:
        yield here, node.text, node.state
    for child in node.children:
        yield from leaves(child, here)


def test_every_leaf_is_held_against_its_own_place():
    """A wrong argument would have to be found in two lines of JSON."""
    mine = '{"to": "LIS", "date": "02-05", "seats": [1, 2], "meal": "none"}'
    other = '{"to": "LIS", "date": "05-02", "seats": [1, 2, 3], "bags": 2}'
    assert list(leaves(tree(mine, other))) == [
        ("/to", '"LIS"', "same"),
        ("/date", '"02-05"', "changed"),
        ("/seats/0", "1", "same"),
        ("/seats/1", "2", "same"),
        ("/seats/2", "3", "missing"),
        ("/meal", '"none"', "added"),
        ("/bags", "2", "missing"),
    ]


def test_what_a_changed_leaf_was_is_shown():
    """A reader would see that it differs, and not from what."""
    (leaf,) = tree('{"a": 1}', '{"a": "1"}').children
    assert (leaf.state, leaf.was) == ("changed", '"1"')


def test_without_another_nothing_is_marked():
    """The reference itself would look wrong."""
    assert {state for *_, state in leaves(tree('{"a": [1, {"b": 2}]}'))} == {"unknown"}


def test_what_is_no_json_has_no_tree():
    """A broken call would be shown as an empty one."""
    assert tree("{'a': 1}") is None
    assert tree("") is None
    assert tree('{"a": 1}', "no json").children[0].state == "added"


def test_deep_and_wide_values_are_bounded():
    """One hostile answer would take the page's memory."""
    deep = "[" * 500 + "]" * 500
    found, depth = tree(deep), 0
    while found.children:
        found, depth = found.children[0], depth + 1
    assert depth == DEEPEST
    wide = tree(json.dumps(list(range(10_000))))
    assert len(wide.children) < MOST_NODES
