"""Health and reflection beside the exports, asked of every row of ENGINES."""

import asyncio

import grpc
import grpc.aio
from fakes.served_receiver import grpc_channel, serving
from fakes.waiting import until
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from collector.otlp.signals import SIGNALS


async def test_health_follows_readiness(engine):
    """A rollout would send traffic to a collector that is leaving."""
    async with serving(engine) as served, grpc_channel(served) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        question = health_pb2.HealthCheckRequest(service=SIGNALS["traces"].grpc_service)
        answer = await stub.Check(question, timeout=5)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
        if engine == "native":
            served.is_serving = False
            answer = await stub.Check(question, timeout=5)
            assert answer.status == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_health_can_be_watched(engine):
    """A balancer would not hear of a drain, or a watcher would hold one up."""
    states = health_pb2.HealthCheckResponse
    async with serving(engine) as served, grpc_channel(served) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        question = health_pb2.HealthCheckRequest(service=SIGNALS["traces"].grpc_service)
        watching = stub.Watch(question)
        assert (await watching.read()).status == states.SERVING
        stranger = stub.Watch(health_pb2.HealthCheckRequest(service="no.such"))
        assert (await stranger.read()).status == states.SERVICE_UNKNOWN
        stranger.cancel()
        served.is_serving = False
        served.stop.set()
        async with asyncio.timeout(5):
            assert (await watching.read()).status == states.NOT_SERVING
            assert await watching.code() is not grpc.StatusCode.OK


async def test_watchers_are_bounded_and_given_back():
    """Clients that only watch could hold any number of streams."""
    async with serving("native") as served, grpc_channel(served) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        question = health_pb2.HealthCheckRequest()
        watching = [stub.Watch(question) for _ in range(64)]
        for one in watching:
            await one.read()
        refused = stub.Watch(question)
        assert await refused.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        for one in watching:
            one.cancel()
        await until(lambda: _is_served(stub.Watch(question)), 10)


async def _is_served(call):
    try:
        return await call.read() is not grpc.aio.EOF
    except grpc.aio.AioRpcError as error:
        return error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED
    finally:
        call.cancel()


async def test_reflection_describes_the_services(engine):
    """A debugging tool could not list what is served here."""
    async with serving(engine) as served, grpc_channel(served) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        ask = reflection_pb2.ServerReflectionRequest
        name = SIGNALS["traces"].grpc_service
        questions = [ask(list_services=""), ask(file_containing_symbol=name)]
        answers = [a async for a in stub.ServerReflectionInfo(iter(questions))]
        listed = {s.name for s in answers[0].list_services_response.service}
        assert name in listed
        assert answers[1].file_descriptor_response.file_descriptor_proto
