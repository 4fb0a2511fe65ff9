"""The policy on passports, by Kyverno's own engine over a registry.

`make test-admission` builds Kyverno's command line; without it the tests are skipped.
"""

import subprocess
from pathlib import Path

import pytest
import yaml
from fakes.oci_registry import OciRegistry
from fakes.passports import judged, keys, made

from replayd.offline.passport.envelope import sealed_envelope
from replayd.offline.passport.statement import PREDICATE, statement_of

ROOT = Path(__file__).parents[3]
BINARY = ROOT / ".venv" / "servers" / "kyverno"
POLICY = ROOT / "deploy" / "admission" / "kyverno.yaml"
pytestmark = [
    pytest.mark.deploy,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not BINARY.exists(), reason="no Kyverno: make test-admission"),
]


class Cluster:
    """The example policy with a key and a registry filled in."""

    def __init__(self, folder, registry, public):
        (policy,) = yaml.safe_load_all(POLICY.read_text("utf-8"))
        (images,) = policy["spec"]["rules"][0]["verifyImages"]
        images["imageReferences"] = [f"{registry.name}*"]
        (attestor,) = images["attestations"][0]["attestors"]
        attestor["entries"][0]["keys"]["publicKeys"] = public.decode()
        self._folder, self._registry = folder, registry
        self._policy = folder / "policy.yaml"
        self._policy.write_text(yaml.safe_dump(policy))

    def admits(self, tag):
        """Return whether a pod with this image gets in, and what is said."""
        container = {"name": "model", "image": f"{self._registry.name}:{tag}"}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "model", "labels": {"serves": "model"}},
            "spec": {"containers": [container]},
        }
        file = self._folder / "pod.yaml"
        file.write_text(yaml.safe_dump(pod))
        argv = [BINARY, "apply", self._policy, "--resource", file, "--registry"]
        found = subprocess.run(
            [*map(str, argv)], capture_output=True, text=True, check=False
        )
        return found.returncode == 0, found.stdout + found.stderr


@pytest.fixture
def registry():
    with OciRegistry() as found:
        yield found


async def passport_about(digest, private, **how):
    """Return the signed passport of a revision that was judged."""
    store, view = await judged(revision=f"registry/model-server@{digest}", **how)
    return sealed_envelope(statement_of(await made(store, view)), private)


async def test_an_image_gets_in_with_its_own_passing_passport_alone(registry, tmp_path):
    """A cluster would refuse every image, or let in one that was never judged."""
    private, public = keys()
    cluster = Cluster(tmp_path, registry, public)
    passed = registry.push("passed")
    registry.attach(passed, await passport_about(passed, private), PREDICATE)
    admitted, said = cluster.admits("passed")
    assert admitted, said

    registry.push("unjudged")
    regressed = registry.push("regressed")
    worse = await passport_about(regressed, private, worse=120)
    registry.attach(regressed, worse, PREDICATE)
    forged = registry.push("forged")
    registry.attach(forged, await passport_about(forged, keys()[0]), PREDICATE)
    other = registry.push("other")  # carries the passport of the first
    registry.attach(other, await passport_about(passed, private), PREDICATE)
    for tag, why in {
        "unjudged": "no matching attestations",
        "regressed": "attestation checks failed",
        "forged": "accepted signatures do not match threshold",
        "other": "no matching subject digest found",
    }.items():
        admitted, said = cluster.admits(tag)
        assert not admitted
        assert why in said
