{{- define "snaptrace.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "snaptrace.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains (include "snaptrace.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "snaptrace.name" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "snaptrace.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "snaptrace.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "snaptrace.selector" -}}
app.kubernetes.io/name: {{ include "snaptrace.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "snaptrace.labels" -}}
{{ include "snaptrace.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "snaptrace.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ default .Chart.AppVersion $image.tag }}
{{- end -}}
{{- end -}}

{{/* "true" where the store is a volume of this release. */}}
{{- define "snaptrace.onVolume" -}}
{{- if not .Values.store.url }}true{{ end -}}
{{- end -}}

{{- define "snaptrace.claim" -}}
{{- default (printf "%s-store" (include "snaptrace.fullname" .)) .Values.store.volume.existingClaim -}}
{{- end -}}

{{/* "true" where both programs must share a pod, because the volume has one writer node. */}}
{{- define "snaptrace.together" -}}
{{- if and (include "snaptrace.replays" .) (include "snaptrace.onVolume" .) (not (has "ReadWriteMany" .Values.store.volume.accessModes)) (has .Values.collector.shape (list "fanout" "gateway")) }}true{{ end -}}
{{- end -}}

{{/* "true" where replayd runs: it refuses to start without a canary to judge. */}}
{{- define "snaptrace.replays" -}}
{{- if and .Values.replayd.enabled (dig "arms" dict .Values.replayd.config) }}true{{ end -}}
{{- end -}}
