"""The inspection page opened in a browser, and its addresses over the example pairs."""

from contextlib import asynccontextmanager

MILLISECONDS = 40_000  # a busy machine takes its time
PAGES = {
    "overview": "/",
    "modality": "/canary/image",
    "pairs": "/canary/pairs?change=worse",
    "image": "/canary/pair/e1/20?change=worse",
    "audio": "/canary/pair/e1/0",
    "tools": "/canary/pair/e1/1",
    "prose": "/canary/pair/e1/2",
    "document": "/canary/pair/e1/3",
    "drawing": "/canary/pair/e1/4",
    "flac": "/canary/pair/e1/5",
    "decide": "/canary/decide",
    "labels": "/canary/labels",
    "pin": "/canary/pair/e1/20/pin",
    "ignore": "/canary/pair/e1/20/ignore",
    "token": "/token",
}
SIZES = {"desktop": (1280, 900), "phone": (400, 800)}


@asynccontextmanager
async def opened(browser, address, path, *, size="desktop", **more):
    """Open a page of the server; console errors and foreign requests fail the test."""
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, **more
    )
    context.set_default_timeout(MILLISECONDS)
    page = await context.new_page()
    page.wrong = []
    page.weights = {}
    page.on("console", lambda m: page.wrong.append(m.text) if m.type == "error" else 0)
    page.on("pageerror", lambda error: page.wrong.append(str(error)))

    def weigh(response):
        kind = response.headers.get("content-type", "")
        if response.url.startswith(("chrome-extension://", "chrome://")):
            return  # the browser's own viewer of documents
        if not response.url.startswith(address):
            page.wrong.append(f"asked {response.url}")
        elif kind.startswith(("text/", "image/svg")) and response.status == 200:
            # Not its body, which is gone once a key leads to another page.
            page.weights[response.url] = int(response.headers["content-length"])

    page.on("response", weigh)
    await page.goto(address + path, wait_until="networkidle")
    yield page
    assert page.wrong == []
    await context.close()
