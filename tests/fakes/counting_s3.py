"""An object store that speaks the S3 protocol in memory and counts its requests."""

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from xml.sax.saxutils import escape

from aiohttp import web

PAGE = 1000  # names in one answer, as everywhere
OPTIONS = {
    "aws_access_key_id": "k",
    "aws_secret_access_key": "s",
    "aws_region": "us-east-1",
    "allow_http": "true",
}


class CountingS3:
    """One bucket `b`, used below `p`; `requests` counts by kind."""

    def __init__(self):
        self.names, self.objects = [], {}
        self.requests = Counter()

    def put(self, names):
        """Add objects without content."""
        self.names = sorted({*self.names, *(f"p/{name}" for name in names)})

    @property
    def options(self):
        return {**OPTIONS, "aws_endpoint": f"http://127.0.0.1:{self.port}"}

    async def __aenter__(self):
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_):
        await self._runner.cleanup()

    async def _serve(self, request):
        name = request.path.removeprefix("/b").lstrip("/")
        if request.method == "GET" and "list-type" in request.query:
            self.requests["list"] += 1
            return self._listed(request.query)
        self.requests[request.method.lower()] += 1
        if request.method == "PUT":
            if name in self.objects and request.headers.get("If-None-Match"):
                return web.Response(status=412)
            if name not in self.objects:
                insort(self.names, name)
            self.objects[name] = await request.read()
            return web.Response(headers={"ETag": '"e"'})
        if request.method == "DELETE":
            self.objects.pop(name, None)
            place = bisect_left(self.names, name)
            if self.names[place : place + 1] == [name]:
                del self.names[place]
            return web.Response(status=204)
        if name not in self.objects:
            return web.Response(status=404)
        headers = {"ETag": '"e"', "Last-Modified": "Mon, 30 Nov 2026 00:00:00 GMT"}
        return web.Response(body=self.objects[name], headers=headers)

    def _listed(self, query):
        prefix = query.get("prefix", "")
        after = query.get("continuation-token") or query.get("start-after", "")
        first = max(bisect_left(self.names, prefix), bisect_right(self.names, after))
        last = bisect_left(self.names, prefix + "\uffff")
        page = self.names[first : min(first + PAGE, last)]
        more = first + PAGE < last
        rows = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>1</Size>"
            "<LastModified>2026-11-30T00:00:00.000Z</LastModified>"
            '<ETag>"e"</ETag></Contents>'
            for name in page
        )
        last_name = escape(page[-1]) if page else ""
        token = f"<NextContinuationToken>{last_name}</NextContinuationToken>"
        text = (
            '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult>'
            f"<Name>b</Name><IsTruncated>{str(more).lower()}</IsTruncated>"
            f"{token if more else ''}{rows}</ListBucketResult>"
        )
        return web.Response(text=text, content_type="application/xml")
