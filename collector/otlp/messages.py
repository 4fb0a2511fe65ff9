"""OTLP message classes by signal, for conversion, validation and reflection only.

Imported on first need; a relay whose two sides speak alike never loads it.
"""

from typing import Any, Final

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.profiles.v1development import profiles_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

REQUESTS: Final[dict[str, type[Message]]] = {
    "traces": trace_service_pb2.ExportTraceServiceRequest,
    "metrics": metrics_service_pb2.ExportMetricsServiceRequest,
    "logs": logs_service_pb2.ExportLogsServiceRequest,
    "profiles": profiles_service_pb2.ExportProfilesServiceRequest,
}
RESPONSES: Final[dict[str, type[Any]]] = {
    "traces": trace_service_pb2.ExportTraceServiceResponse,
    "metrics": metrics_service_pb2.ExportMetricsServiceResponse,
    "logs": logs_service_pb2.ExportLogsServiceResponse,
    "profiles": profiles_service_pb2.ExportProfilesServiceResponse,
}
