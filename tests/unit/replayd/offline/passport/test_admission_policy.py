"""The example admission policy, against what a passport really says."""

from pathlib import Path
from typing import get_args

import msgspec
import pytest
import yaml
from cryptography.hazmat.primitives import serialization

from replayd.offline.passport.statement import PREDICATE, Passport, Statement
from replayd.stats import GateWord

POLICY = Path(__file__).parents[5] / "deploy" / "admission" / "kyverno.yaml"


def _attestation():
    (policy,) = yaml.safe_load_all(POLICY.read_text("utf-8"))
    assert policy["spec"]["validationFailureAction"] == "Enforce"
    (rule,) = policy["spec"]["rules"]
    (images,) = rule["verifyImages"]
    assert images["required"] is True  # an image without a passport is refused
    (attestation,) = images["attestations"]
    return attestation


def test_the_policy_asks_for_our_kind_of_statement():
    """No passport would match, and every image would be refused, or none."""
    assert _attestation()["type"] == PREDICATE


def test_the_policy_lets_in_a_pass_and_no_other_word():
    """A renamed field or word would let images in, or keep all of them out."""
    (conditions,) = _attestation()["conditions"]
    (condition,) = conditions["all"]
    field = condition["key"].strip("{ }")
    assert field in Passport.__struct_fields__
    assert condition["operator"] == "Equals"
    assert condition["value"] == "pass"
    assert condition["value"] in get_args(GateWord)
    # The field stands where a policy looks: at the top of the predicate.
    assert "predicate" in {f.encode_name for f in msgspec.structs.fields(Statement)}


def test_the_policys_key_is_a_place_to_fill_in():
    """An example key that is real would be trusted by whoever copied the file."""
    (attestor,) = _attestation()["attestors"]
    (entry,) = attestor["entries"]
    text = entry["keys"]["publicKeys"].encode()
    assert b"BEGIN PUBLIC KEY" in text
    with pytest.raises(ValueError, match=r"."):
        serialization.load_pem_public_key(text)
