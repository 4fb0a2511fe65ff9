"""A judged pair and a `OtlpExporter` over it, as the engine hands them over."""

import random

from fakes.leaping_loop import LoopClock
from fakes.led_epoch import EPOCH, cases
from fakes.stored_calls import text_call
from prometheus_client import CollectorRegistry

from replayd.arms.arm import Arm
from replayd.config import ArmConfig, TelemetryConfig
from replayd.model import (
    ArmAnswer,
    ArmOutcome,
    PairAnswers,
    PairResult,
    Planned,
    StreamScore,
)
from replayd.telemetry.metrics import EngineMetrics
from replayd.telemetry.otlp_exporter import OtlpExporter
from snaptrace.snapshot.model import Answer, Usage

NOW = 1_800_000_000_000_000_000


def answer(text, outcome="answered"):
    """Return what one arm said."""
    return ArmAnswer(
        outcome=outcome,
        answer=Answer(text=text, response_id=f"id-{text}", finish_reason="stop"),
        served_model="served",
        latency_ms=250.0,
        usage=Usage(input_tokens=11, output_tokens=7),
    )


def judged(number=1, canary="SECRET ANSWER", outcome="answered"):
    """Return what `OtlpExporter.pair` takes: epoch, plan, snapshot, answers, result."""
    call = text_call(number, at_ns=NOW)
    score = StreamScore(
        scorer="numbers", canary=0.0, control=1.0, reason="other_number"
    )
    result = PairResult(
        number=number,
        snapshot_id=call.snapshot_id,
        modality="text",
        lane="traffic",
        slices=(),
        recorded_at_ns=NOW,
        committed_at_ns=NOW,
        canary=ArmOutcome(outcome=outcome),
        control=ArmOutcome(outcome="answered"),
        streams={"quality": score},
    )
    answers = PairAnswers(
        number=number,
        snapshot_id=call.snapshot_id,
        canary=answer(canary, outcome),
        control=answer("control says"),
    )
    planned = Planned(number=number, case=cases(1)[0], lane="traffic")
    return EPOCH, planned, call, answers, result


def telling(url, **more):
    """Return the part, and a way to read its counter."""
    arms = {
        name: Arm(
            name,
            ArmConfig(role=role, url="http://model.example:8000/v1", model=model),
            None,
        )
        for name, role, model in (
            (EPOCH.canary, "canary", "m8"),
            (EPOCH.control, "control", "m7"),
        )
    }
    metrics = EngineMetrics(CollectorRegistry())
    config = TelemetryConfig(url=url, **more)
    part = OtlpExporter(config, arms, metrics, LoopClock(NOW), random.Random(1))

    def counted(what, outcome):
        return metrics.told.labels(what, outcome)._value.get()

    return part, counted
