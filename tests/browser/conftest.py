"""A real browser over the inspection page; skipped where there is none."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
SHOTS = Path(os.environ.get("SCREENSHOTS", "build/screenshots"))


@pytest.fixture
async def address():
    """Address of a page that serves the example pairs, in a process of its own."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fakes.shown_page"),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        line = await server.stdout.readline()
        yield f"http://{line.decode().strip()}"
    finally:
        server.terminate()
        await server.wait()


@pytest.fixture
async def browser():
    """Debian's Chromium, driven over its own protocol."""
    playwright = pytest.importorskip("playwright.async_api", reason="make test-browser")
    if not CHROMIUM:
        pytest.skip("no chromium here: apt-get install chromium")
    async with playwright.async_playwright() as driver:
        found = await driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        yield found
        await found.close()


@pytest.fixture
def shots():
    """Folder in which screenshots are left for people."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    return SHOTS
