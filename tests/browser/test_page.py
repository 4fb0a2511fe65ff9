"""The inspection page in a real browser: looks, keys, weight, print, accessibility."""

import io
from importlib.resources import files

import pytest
from fakes.opened_page import PAGES, SIZES, opened
from PIL import Image

pytestmark = pytest.mark.browser

HEAVIEST = 150_000  # bytes of a page with style and script, without media


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_page_is_light_accessible_and_whole(
    browser, address, shots, scheme, size
):
    """A colleague with a screen reader, a phone or bad eyes could not work with it."""
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
    # The page's own policy refuses foreign scripts; only axe gets around it.
    more = {"size": size, "color_scheme": scheme, "bypass_csp": True}
    async with opened(browser, address, "/", **more) as page:
        for name, path in PAGES.items():
            page.weights.clear()
            await page.goto(address + path)
            await page.wait_for_load_state("networkidle")
            assert sum(page.weights.values()) < HEAVIEST, name
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= SIZES[size][0], name
            shot = shots / f"{name}-{size}-{scheme}.png"
            look(await page.screenshot(path=shot, full_page=True), size, scheme)
            await page.evaluate(axe)
            found = await page.evaluate("axe.run(document)")
            assert [
                (name, each["id"], [node["html"][:120] for node in each["nodes"]])
                for each in found["violations"]
            ] == []


def look(data, size, scheme):
    """Check that a screenshot shows something, in its width and on its ground."""
    seen = Image.open(io.BytesIO(data)).convert("L")
    assert seen.width == SIZES[size][0]
    assert (seen.getpixel((2, seen.height - 2)) < 60) == (scheme == "dark")
    low, high = seen.getextrema()
    assert high - low > 150  # text on ground


async def test_a_pair_prints_whole(browser, address, shots):
    """A printed pair would be a scroll bar and a menu."""
    async with opened(browser, address, PAGES["tools"]) as page:
        await page.emulate_media(media="print")
        await page.pdf(path=shots / "pair.pdf", format="A4")
        assert not await page.locator(".places").is_visible()
        assert not await page.locator(".near").is_visible()
        assert await page.locator(".side.canary").first.is_visible()
        limited = "getComputedStyle(document.querySelector('.text')).maxHeight"
        assert await page.evaluate(limited) == "none"
        data = await page.screenshot(path=shots / "pair-print.png", full_page=True)
        seen = Image.open(io.BytesIO(data)).convert("L")
        assert seen.getpixel((2, seen.height - 2)) == 255


async def test_keys_lead_from_list_to_pair_and_on(browser, address):
    """A hundred pairs would take three hundred clicks."""
    async with opened(browser, address, "/canary/pairs?change=worse") as page:
        for key in ("j", "j", "k", "j"):
            await page.keyboard.press(key)
        numbers = await page.locator("a.row").all_inner_texts()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/pair/**")
        assert await page.locator("h1").inner_text() == numbers[1]
        await page.keyboard.press("j")
        await page.wait_for_selector(f"h1:text-is('{numbers[2]}')")
        await page.keyboard.press("k")
        await page.wait_for_selector(f"h1:text-is('{numbers[1]}')")
        await page.keyboard.press("u")
        await page.wait_for_url("**/pairs?change=worse")
        await page.keyboard.press("/")
        await page.keyboard.type("timeout j")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**text=timeout**")


async def test_an_image_is_zoomed_in_place(browser, address):
    """The digit in question would stay as small as it was."""
    async with opened(browser, address, PAGES["image"]) as page:
        image = page.locator("a.zoom img")
        before = (await image.bounding_box())["width"]
        await page.keyboard.press("z")
        assert (await image.bounding_box())["width"] > 2 * before
        await image.click()
        assert (await image.bounding_box())["width"] == before
        assert page.url.endswith(PAGES["image"])


async def test_a_recording_that_is_no_wav_has_its_waveform(browser, address):
    """A clipped or silent recording would be seen in one format only."""
    async with opened(browser, address, PAGES["flac"]) as page:
        picture = page.locator("figure.audio svg.wave")
        await picture.wait_for()
        assert await picture.get_attribute("aria-label") == "waveform, 1.7 seconds"
        drawn = await picture.locator("path").get_attribute("d")
        tops = [
            float(part.split(",")[1].split("V")[0]) for part in drawn.split("M")[1:]
        ]
        assert tops[0] > 29  # silence first
        assert tops[-1] < 10  # then louder and louder
        assert sorted(tops, reverse=True) == tops


async def test_where_two_images_differ_is_marked(browser, address):
    """A reader would have to find the one wrong bar in a picture."""
    async with opened(browser, address, PAGES["drawing"]) as page:
        canary = page.locator(".side.canary figure")
        marks = canary.locator("svg.marks rect")
        await marks.first.wait_for(state="attached")
        image = await canary.locator("img").bounding_box()
        boxes = [await each.bounding_box() for each in await marks.all()]
        tops = [(box["y"] - image["y"]) / image["height"] for box in boxes]
        lefts = [(box["x"] - image["x"]) / image["width"] for box in boxes]
        assert max(tops) < 0.3  # only in the first of three rows
        assert min(lefts) > 0.4  # and not where both bars are
        assert "region" in await canary.locator("figcaption").inner_text()


async def test_a_documents_pages_are_shown(browser, address, shots):
    """Who judges a reading of an invoice would have to download it."""
    async with opened(browser, address, PAGES["document"]) as page:
        frame = page.locator("figure.document iframe")
        await frame.scroll_into_view_if_needed()
        box = await frame.bounding_box()

        async def blue():
            data = await page.screenshot(path=shots / "document.png")
            seen = Image.open(io.BytesIO(data)).convert("RGB")
            part = seen.crop(
                (
                    int(box["x"]),
                    int(box["y"]),
                    int(box["x"] + box["width"]),
                    int(box["y"] + box["height"]),
                )
            )
            return sum(
                count
                for count, (red, _, tint) in part.getcolors(2**24)
                if tint > 150 and red < 90
            )

        for _ in range(40):
            if await blue() > 2_000:  # the bar on the first page
                break
            await page.wait_for_timeout(250)
        assert await blue() > 2_000


async def test_a_pair_is_decided_by_two_keys(browser, address):
    """Two hundred labels would be nobody's afternoon."""
    async with opened(browser, address, "/canary/decide") as page:
        first = page.url
        await page.keyboard.press("w")
        assert await page.locator("input[value=wrong_fact]").is_checked()
        await page.keyboard.press("3")
        await page.wait_for_url("**done=*")
        assert page.url != first
        await page.get_by_text("See whose answers they were").click()
        await page.wait_for_url("**/pair/**")


async def test_everything_works_without_scripts(browser, address):
    """A hardened browser would show a page that does nothing."""
    async with opened(
        browser, address, "/canary/pairs", java_script_enabled=False
    ) as page:
        await page.select_option("select[name=change]", "worse")
        await page.get_by_role("button", name="Filter").click()
        await page.wait_for_url("**change=worse**")
        await page.locator("a.row").first.click()
        await page.wait_for_url("**/pair/**")
        await page.get_by_role("link", name="decide").click()
        await page.locator("input[value=missing]").check()
        await page.get_by_role("button", name="left is better").click()
        await page.wait_for_url("**done=*")


async def test_the_pages_policy_stops_injected_scripts(browser, address):
    """One missed escape would be enough to act as the reader."""
    async with opened(browser, address, "/") as page:
        ran = await page.evaluate(
            """() => {
                const script = document.createElement("script");
                script.textContent = "window.ran = true";
                document.body.append(script);
                return window.ran === true;
            }"""
        )
        assert not ran
        assert any("Content Security Policy" in text for text in page.wrong)
        page.wrong.clear()
