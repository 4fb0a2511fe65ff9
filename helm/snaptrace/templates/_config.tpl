{{/* The configuration file, whole. */}}
{{- define "snaptrace.configFile" -}}
store:
  {{- include "snaptrace.storeConfig" . | nindent 2 }}
{{- if has .Values.collector.shape (list "fanout" "gateway" "node") }}
collector:
  {{- include "snaptrace.collectorConfig" . | nindent 2 }}
{{- end }}
{{- if include "snaptrace.replays" . }}
replayd:
  {{- include "snaptrace.replaydConfig" . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "snaptrace.configDigest" -}}
{{- include "snaptrace.configFile" . | sha256sum | trunc 16 -}}
{{- end -}}
