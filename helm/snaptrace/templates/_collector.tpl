{{/* Where the journal lies, and how much of its volume open windows (a fifth) and
segments that wait for the store (a half) may fill: together 70 %, the rest is slack for
rewriting. One value decides, `collector.journal.sizeLimit`. */}}
{{- define "snaptrace.journalConfig" -}}
{{- $limit := .Values.collector.journal.sizeLimit -}}
{{- $mebibytes := mul (regexFind "^[0-9]+" $limit | int64) (ternary 1024 1 (hasSuffix "Gi" $limit)) -}}
journal_dir: /var/lib/snaptrace/journal
reservoir: {window_bytes: {{ div (mul $mebibytes 1048576) 5 }}}
seal: {spool_bytes: {{ div (mul $mebibytes 1048576) 2 }}}
{{- end -}}

{{/* What a shape needs, below what the user sets: section `collector`. */}}
{{- define "snaptrace.collectorConfig" -}}
{{- $host := .Values.collector.listenHost -}}
{{- $needs := dict
  "grpc" (dict "listen" (printf "%s:4317" $host))
  "http" (dict "listen" (printf "%s:4318" $host))
  "metrics" (dict "listen" (printf "%s:9464" $host))
-}}
{{- $journal := include "snaptrace.journalConfig" . | fromYaml -}}
{{- toYaml (mergeOverwrite $needs $journal (deepCopy .Values.collector.config)) -}}
{{- end -}}

{{- define "snaptrace.collectorEnv" -}}
{{ include "snaptrace.identityEnv" . }}
# Unique for the life of the journal: the pod's uid outlives a container's restart.
- name: SNAPTRACE_COLLECTOR__ID
  value: $(POD_NAME).$(POD_UID)
{{- with .Values.store.env }}
{{ toYaml . }}
{{- end }}
{{- with .Values.collector.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The container of fan-out, gateway and node. */}}
{{- define "snaptrace.collectorContainer" -}}
{{- $hostPort := and (eq .Values.collector.shape "node") .Values.collector.node.hostPort -}}
- name: collector
  image: {{ include "snaptrace.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [collector, --config, /etc/snaptrace/config/snaptrace.yaml]
  env:
    {{- include "snaptrace.collectorEnv" . | nindent 4 }}
  {{- with .Values.collector.envFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - {name: otlp-grpc, containerPort: 4317{{ if $hostPort }}, hostPort: 4317{{ end }}}
    - {name: otlp-http, containerPort: 4318{{ if $hostPort }}, hostPort: 4318{{ end }}}
    - {name: st-metrics, containerPort: 9464}
  startupProbe:
    httpGet: {path: /readyz, port: st-metrics}
    periodSeconds: 1
    failureThreshold: 60
  readinessProbe:
    httpGet: {path: /readyz, port: st-metrics}
    periodSeconds: 5
  livenessProbe:
    httpGet: {path: /healthz, port: st-metrics}
    periodSeconds: 10
    failureThreshold: 6
  resources:
    {{- toYaml .Values.collector.resources | nindent 4 }}
  securityContext:
    {{- include "snaptrace.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - {name: config, mountPath: /etc/snaptrace/config, readOnly: true}
    - {name: journal, mountPath: /var/lib/snaptrace/journal}
    - {name: tmp, mountPath: /tmp}
    {{- with include "snaptrace.keyMounts" . }}
    {{- . | trim | nindent 4 }}
    {{- end }}
    {{- with include "snaptrace.storeMount" . }}
    {{- . | trim | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "snaptrace.journalVolume" -}}
- name: journal
  emptyDir: {sizeLimit: {{ .Values.collector.journal.sizeLimit }}}
{{- end -}}

{{/* Pod template of the collector's own workloads, replayd beside it where they must
share a volume: dict "root" "replicas". */}}
{{- define "snaptrace.collectorPod" -}}
{{- $ := .root -}}
{{- $together := include "snaptrace.together" $ -}}
metadata:
  annotations:
    snaptrace.io/config-digest: {{ include "snaptrace.configDigest" $ }}
    {{- with mergeOverwrite (dict) $.Values.collector.podAnnotations (ternary $.Values.replayd.podAnnotations dict (eq $together "true")) }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- include "snaptrace.labels" $ | nindent 4 }}
    snaptrace.io/collector: "true"
    {{- if $together }}
    snaptrace.io/replayd: "true"
    {{- end }}
    {{- with $.Values.collector.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- include "snaptrace.podCommon" $ | nindent 2 }}
  terminationGracePeriodSeconds: {{ $.Values.collector.terminationGracePeriodSeconds }}
  {{- with include "snaptrace.placement" (dict "root" $ "values" $.Values.collector "role" "collector" "replicas" .replicas) }}
  {{- . | trim | nindent 2 }}
  {{- end }}
  containers:
    {{- include "snaptrace.collectorContainer" $ | nindent 4 }}
    {{- if $together }}
    {{- include "snaptrace.replaydContainer" $ | nindent 4 }}
    {{- end }}
  volumes:
    - name: config
      configMap: {name: {{ include "snaptrace.fullname" $ }}}
    {{- include "snaptrace.journalVolume" $ | nindent 4 }}
    - name: tmp
      emptyDir: {sizeLimit: 256Mi}
    {{- with include "snaptrace.keyVolumes" (dict "root" $ "mode" "0440") }}
    {{- . | trim | nindent 4 }}
    {{- end }}
    {{- with include "snaptrace.storeVolume" $ }}
    {{- . | trim | nindent 4 }}
    {{- end }}
    {{- if $together }}
    {{- with include "snaptrace.pageVolume" $ }}
    {{- . | trim | nindent 4 }}
    {{- end }}
    {{- end }}
{{- end -}}

{{/* Fewest collectors that run at a time, as text. */}}
{{- define "snaptrace.collectorReplicas" -}}
{{- $c := .Values.collector -}}
{{- ternary $c.autoscaling.minReplicas $c.replicas $c.autoscaling.enabled | int -}}
{{- end -}}
