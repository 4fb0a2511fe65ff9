"""Which modalities this Python can serve, and why the others are skipped.

Imports none of the model packages: finding a wheel must not cost its memory.
"""

import sys
from importlib.util import find_spec

NEEDS: dict[str, tuple[str, ...]] = {
    "text": (),
    "image": ("rapidocr_onnxruntime", "onnxruntime", "cv2", "PIL"),
    "audio": ("pocketsphinx",),
}


def available_modalities() -> dict[str, str]:
    """Each modality of the demo: "" when it can be served, else one line why not."""
    return {modality: _reason(packages) for modality, packages in NEEDS.items()}


def _reason(packages: tuple[str, ...]) -> str:
    missing = [package for package in packages if find_spec(package) is None]
    if not missing:
        return ""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{', '.join(missing)} not installed (no wheel for Python {version}?)"
