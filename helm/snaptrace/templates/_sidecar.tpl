{{/* For charts that put the sidecar beside their own app. Name this chart as a
dependency, with `collector.shape: none` and `replayd.enabled: false` (a sidecar is
all that is wanted), and write in the pod spec:

    initContainers:
      {{- include "snaptrace.sidecar.container" .Subcharts.snaptrace | nindent 8 }}
    containers:
      - name: app
        env:
          {{- include "snaptrace.sidecar.appEnv" (dict "protocol" "grpc") | nindent 12 }}
    volumes:
      {{- include "snaptrace.sidecar.volumes" .Subcharts.snaptrace | nindent 8 }}

and in the pod's labels `snaptrace.io/collector: "true"`, for the PodMonitor.
The upstream is `collector.config.upstream.url`. docs/shapes.md has the whole example.

A native sidecar: an init container that is restarted always. It starts before the
app and ends after it, so that the app's last export finds it. No readinessProbe: it
must never take the app out of its Service. No preStop hook: SIGTERM comes when the
app has ended. The startupProbe looks at the listeners alone. */}}
{{- define "snaptrace.sidecar.container" -}}
- name: snaptrace-collector
  image: {{ include "snaptrace.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  restartPolicy: Always
  args: [collector]
  env:
    {{- include "snaptrace.sidecar.env" . | nindent 4 }}
  {{- with .Values.collector.envFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - {name: st-metrics, containerPort: 9464}
  startupProbe:
    httpGet: {path: /readyz, port: st-metrics}
    periodSeconds: 1
    failureThreshold: 60
  resources:
    {{- toYaml .Values.collector.resources | nindent 4 }}
  securityContext:
    {{- include "snaptrace.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - {name: snaptrace-journal, mountPath: /var/lib/snaptrace/journal}
    - {name: snaptrace-tmp, mountPath: /tmp}
    {{- with include "snaptrace.keyMounts" . }}
    {{- . | trim | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* Everything as environment: a ConfigMap would have to exist in the app's namespace. */}}
{{- define "snaptrace.sidecar.env" -}}
{{ include "snaptrace.collectorEnv" . }}
{{- $store := include "snaptrace.storeConfig" . | fromYaml }}
{{- $journal := include "snaptrace.journalConfig" . | fromYaml }}
{{- $config := mergeOverwrite $journal (deepCopy .Values.collector.config) }}
{{- include "snaptrace.flatten" (dict "prefix" "SNAPTRACE_STORE" "tree" $store) }}
{{- include "snaptrace.flatten" (dict "prefix" "SNAPTRACE_COLLECTOR" "tree" $config) }}
{{- end -}}

{{/* The secrets may be missing in an app's namespace. Then the pod must start all the
same: the collector forwards and says in its metrics that it cannot sample. */}}
{{- define "snaptrace.sidecar.volumes" -}}
- name: snaptrace-journal
  emptyDir: {sizeLimit: {{ .Values.collector.journal.sizeLimit }}}
- name: snaptrace-tmp
  emptyDir: {sizeLimit: 256Mi}
{{- /* The app's pod may have no fsGroup; only the sidecar mounts them. */}}
{{- include "snaptrace.keyVolumes" (dict "root" . "mode" "0444" "optional" true) }}
{{- end -}}

{{/* Environment of the app: dict "protocol" ("grpc" or "http/protobuf"). */}}
{{- define "snaptrace.sidecar.appEnv" -}}
{{- $grpc := eq .protocol "grpc" -}}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ ternary "http://127.0.0.1:4317" "http://127.0.0.1:4318" $grpc }}
- name: OTEL_EXPORTER_OTLP_PROTOCOL
  value: {{ .protocol }}
{{- end -}}
