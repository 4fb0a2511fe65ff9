"""A conformance suite of HTTP/2 against the collector's gRPC port.

h2spec 2.6 is taken where the variable SNAPTRACE_H2SPEC names its binary; what it asks
is said in RFC 9113 and RFC 7541. Without it the test is skipped by name.
"""

import asyncio
import os
from xml.etree import ElementTree as ET

import pytest
from system.forwarding import RunningCollector

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

# A client that does not speak HTTP/2 is told so in HTTP/1.1, which is no frame.
# docs/adr/0029-an-http2-server-of-our-own.md.
ON_PURPOSE = {"Sends invalid connection preface"}
CASES = 145


async def test_the_server_keeps_to_http2(tmp_path):
    """Some client's library would stumble over how its frames are answered."""
    binary = os.environ.get("SNAPTRACE_H2SPEC")
    if not binary:
        pytest.skip("SNAPTRACE_H2SPEC names no h2spec")
    report = tmp_path / "report.xml"
    async with RunningCollector(tmp_path) as running:
        host, _, port = running.grpc.rpartition(":")
        options = (f"--host={host}", f"--port={port}", f"--junit-report={report}")
        process = await asyncio.create_subprocess_exec(
            binary, *options, stdout=asyncio.subprocess.DEVNULL
        )
        await process.wait()
    cases = list(ET.parse(report).iter("testcase"))
    broken = {
        case.get("classname") or case.get("name")
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    }
    assert len(cases) == CASES
    assert broken <= ON_PURPOSE
