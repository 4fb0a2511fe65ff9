"""`snaptrace.demo.available`: what is skipped, and at what cost one asks."""

import subprocess
import sys

from snaptrace.demo import available


def test_a_missing_wheel_is_named(monkeypatch):
    """Someone without the speech wheel would not learn why audio is missing."""
    monkeypatch.setitem(available.NEEDS, "audio", ("no_such_wheel_here",))
    reasons = available.available_modalities()
    assert "no_such_wheel_here" in reasons["audio"]
    assert reasons["text"] == ""


def test_every_modality_is_listed():
    """The demo would skip a modality without a line about it."""
    assert set(available.available_modalities()) == {"text", "image", "audio"}


def test_asking_imports_no_model():
    """Every `snaptrace` command would pay for models that it never uses."""
    program = (
        "import sys, snaptrace.demo.available as a; a.available_modalities();"
        "heavy = {'numpy', 'cv2', 'onnxruntime', 'pocketsphinx', 'openai', 'grpc'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "[]"
