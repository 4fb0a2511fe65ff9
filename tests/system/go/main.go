// Sends one span, one counter and one log record with the Go SDK's own exporters and
// ends 0 if all three were accepted: exporters grpc|http HOST:PORT none|gzip
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

type exporters struct {
	spans   sdktrace.SpanExporter
	metrics sdkmetric.Exporter
	logs    sdklog.Exporter
}

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3] == "gzip"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(kind, address string, gzip bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	open := overHTTP
	if kind == "grpc" {
		open = overGRPC
	}
	made, err := open(ctx, address, gzip)
	if err != nil {
		return err
	}
	return send(ctx, made)
}

func overGRPC(ctx context.Context, address string, gzip bool) (made exporters, err error) {
	traces := []otlptracegrpc.Option{otlptracegrpc.WithEndpoint(address), otlptracegrpc.WithInsecure()}
	metrics := []otlpmetricgrpc.Option{otlpmetricgrpc.WithEndpoint(address), otlpmetricgrpc.WithInsecure()}
	logs := []otlploggrpc.Option{otlploggrpc.WithEndpoint(address), otlploggrpc.WithInsecure()}
	if gzip {
		traces = append(traces, otlptracegrpc.WithCompressor("gzip"))
		metrics = append(metrics, otlpmetricgrpc.WithCompressor("gzip"))
		logs = append(logs, otlploggrpc.WithCompressor("gzip"))
	}
	if made.spans, err = otlptracegrpc.New(ctx, traces...); err != nil {
		return made, err
	}
	if made.metrics, err = otlpmetricgrpc.New(ctx, metrics...); err != nil {
		return made, err
	}
	made.logs, err = otlploggrpc.New(ctx, logs...)
	return made, err
}

func overHTTP(ctx context.Context, address string, gzip bool) (made exporters, err error) {
	traces := []otlptracehttp.Option{otlptracehttp.WithEndpoint(address), otlptracehttp.WithInsecure()}
	metrics := []otlpmetrichttp.Option{otlpmetrichttp.WithEndpoint(address), otlpmetrichttp.WithInsecure()}
	logs := []otlploghttp.Option{otlploghttp.WithEndpoint(address), otlploghttp.WithInsecure()}
	if gzip {
		traces = append(traces, otlptracehttp.WithCompression(otlptracehttp.GzipCompression))
		metrics = append(metrics, otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression))
		logs = append(logs, otlploghttp.WithCompression(otlploghttp.GzipCompression))
	}
	if made.spans, err = otlptracehttp.New(ctx, traces...); err != nil {
		return made, err
	}
	if made.metrics, err = otlpmetrichttp.New(ctx, metrics...); err != nil {
		return made, err
	}
	made.logs, err = otlploghttp.New(ctx, logs...)
	return made, err
}

// send flushes each signal by itself, so that a refusal of one is an error here.
func send(ctx context.Context, made exporters) error {
	tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(made.spans))
	_, span := tracers.Tracer("t").Start(ctx, "from go")
	span.SetAttributes(attribute.Int("n", 7))
	span.End()
	if err := tracers.ForceFlush(ctx); err != nil {
		return fmt.Errorf("traces: %w", err)
	}
	meters := sdkmetric.NewMeterProvider(
		sdkmetric.WithReader(sdkmetric.NewPeriodicReader(made.metrics)),
	)
	counter, err := meters.Meter("t").Int64Counter("a_counter")
	if err != nil {
		return err
	}
	counter.Add(ctx, 7)
	if err := meters.ForceFlush(ctx); err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	loggers := sdklog.NewLoggerProvider(
		sdklog.WithProcessor(sdklog.NewBatchProcessor(made.logs)),
	)
	var record log.Record
	record.SetBody(log.StringValue("a record"))
	loggers.Logger("t").Emit(ctx, record)
	if err := loggers.ForceFlush(ctx); err != nil {
		return fmt.Errorf("logs: %w", err)
	}
	return nil
}
