"""Faults on the way in, by name: each needs a call to the control."""

from functools import partial
from typing import Final

from replayd.drills.requests import images, instructions, pages, sounds
from replayd.drills.requests.contract import RequestFault
from replayd.drills.requests.media import swapped

_PILLOW, _PYPDF = "PIL", "pypdf"
BLANKED: Final = frozenset({"image_blanked", "audio_silent"})
SWAPPED: Final = frozenset({"image_swapped", "audio_swapped", "document_swapped"})

_IMAGES = (
    ("image_512", images.image_fault(images.downscaled(512))),
    ("image_256", images.image_fault(images.downscaled(256))),
    ("image_160", images.image_fault(images.downscaled(160))),
    ("image_jpeg_20", images.image_fault(images.same, jpeg=True)),
    ("image_rotated", images.image_fault(images.rotated)),
    ("image_blurred", images.image_fault(images.blurred)),
    ("image_half_cut", images.image_fault(images.half_cut)),
    ("image_blanked", images.image_fault(images.blanked)),
)
_SOUNDS = (
    ("audio_8khz", sounds.sound_fault(sounds.at_8khz)),
    ("audio_noise_20db", sounds.sound_fault(sounds.noisy)),
    ("audio_clipped", sounds.sound_fault(sounds.clipped)),
    ("audio_start_cut", sounds.sound_fault(sounds.start_cut)),
    ("audio_silent", sounds.sound_fault(sounds.silent)),
)
_PAGES = (
    ("document_page_missing", pages.page_fault(pages.without_middle)),
    ("document_reordered", pages.page_fault(pages.reversed_order)),
)
REQUEST_FAULTS: Final = {
    fault.name: fault
    for fault in (
        *(RequestFault(name, do, "image", needs=_PILLOW) for name, do in _IMAGES),
        RequestFault("image_swapped", partial(swapped, "image"), "image"),
        *(RequestFault(name, do, "audio") for name, do in _SOUNDS),
        RequestFault("audio_swapped", partial(swapped, "audio"), "audio"),
        *(RequestFault(name, do, "document", needs=_PYPDF) for name, do in _PAGES),
        RequestFault("document_swapped", partial(swapped, "document"), "document"),
        RequestFault("system_dropped", instructions.system_dropped),
        RequestFault("history_cut", instructions.history_cut),
        RequestFault("tool_undescribed", instructions.tool_undescribed),
        RequestFault("temperature_1_5", instructions.hot),
    )
}
