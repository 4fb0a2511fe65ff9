{{/* What every container and pod of ours has in common. */}}

{{- define "snaptrace.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
runAsGroup: 65532
runAsNonRoot: true
runAsUser: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "snaptrace.podSecurity" -}}
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
runAsGroup: 65532
runAsNonRoot: true
runAsUser: 65532
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* Fields of a pod spec that do not depend on the program. */}}
{{- define "snaptrace.podCommon" -}}
serviceAccountName: {{ include "snaptrace.serviceAccount" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- include "snaptrace.podSecurity" . | nindent 2 }}
{{- end -}}

{{/* Placement, from one program's values: dict "root" "values" "role" "replicas". */}}
{{- define "snaptrace.placement" -}}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if and .root.Values.topologySpread.enabled (gt (int .replicas) 1) }}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "snaptrace.selector" $.root | nindent 8 }}
        snaptrace.io/{{ $.role }}: "true"
  {{- end }}
{{- end }}
{{- end -}}

{{/* Configuration keys as environment: dict "prefix" "tree". A text that would read as
another type is written as JSON. */}}
{{- define "snaptrace.flatten" -}}
{{- range $key, $value := .tree }}
{{- $name := printf "%s__%s" $.prefix (upper $key) }}
{{- if kindIs "map" $value }}
{{- include "snaptrace.flatten" (dict "prefix" $name "tree" $value) }}
{{- else if and (kindIs "string" $value) (not (regexMatch `^(-?[0-9][0-9.eE+-]*|true|false|null|[\[{"].*)$` $value)) }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- else }}
- name: {{ $name }}
  value: {{ toJson $value | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The section `store`, as both programs read it. */}}
{{/* Seven tenths of the volume, in bytes: the rest is for results, answers and indexes. */}}
{{- define "snaptrace.volumeShare" -}}
{{- $size := .Values.store.volume.size | toString -}}
{{- $units := dict "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $unit := default 1 (get $units (regexFind "[A-Za-z]+$" $size)) -}}
{{- printf "%dB" (mulf (regexFind "^[0-9.]+" $size | float64) $unit 0.7 | int64) -}}
{{- end -}}

{{- define "snaptrace.storeConfig" -}}
{{- $store := dict "url" (default "file:///var/lib/snaptrace/store" .Values.store.url) -}}
{{- if .Values.store.keySecret.name }}{{ $_ := set $store "key_file" "/etc/snaptrace/fleet/fleet.key" }}{{ end -}}
{{- if .Values.store.encryptionSecret.name }}{{ $_ := set $store "encryption" (dict "key_file" "/etc/snaptrace/envelope/envelope.key") }}{{ end -}}
{{- if .Values.store.options }}{{ $_ := set $store "options" .Values.store.options }}{{ end -}}
{{- $kept := deepCopy .Values.store.retention -}}
{{- if and (not $kept.bytes) (not .Values.store.url) (not .Values.store.volume.existingClaim) -}}
{{- $_ := set $kept "bytes" (include "snaptrace.volumeShare" .) -}}
{{- end -}}
{{- range $key, $value := $kept }}{{ if not $value }}{{ $_ := unset $kept $key }}{{ end }}{{ end -}}
{{- if $kept }}{{ $_ := set $store "retention" $kept }}{{ end -}}
{{- toYaml $store -}}
{{- end -}}

{{/* The fleet secret and that of encryption: dict "root" "mode" "optional". */}}
{{- define "snaptrace.keyVolumes" -}}
{{- $ := . -}}
{{- range $name, $secret := dict "fleet" .root.Values.store.keySecret "envelope" .root.Values.store.encryptionSecret }}
{{- if $secret.name }}
- name: snaptrace-{{ $name }}
  secret:
    secretName: {{ $secret.name }}
    defaultMode: {{ $.mode }}
    {{- if $.optional }}
    optional: true
    {{- end }}
    items:
      - {key: {{ $secret.key | quote }}, path: {{ $name }}.key}
{{- end }}
{{- end }}
{{- end -}}

{{- define "snaptrace.keyMounts" -}}
{{- range $name, $secret := dict "fleet" .Values.store.keySecret "envelope" .Values.store.encryptionSecret }}
{{- if $secret.name }}
- {name: snaptrace-{{ $name }}, mountPath: /etc/snaptrace/{{ $name }}, readOnly: true}
{{- end }}
{{- end }}
{{- end -}}

{{- define "snaptrace.storeVolume" -}}
{{- if include "snaptrace.onVolume" . }}
- name: store
  persistentVolumeClaim:
    claimName: {{ include "snaptrace.claim" . }}
{{- end }}
{{- end -}}

{{- define "snaptrace.storeMount" -}}
{{- if include "snaptrace.onVolume" . }}
- {name: store, mountPath: /var/lib/snaptrace/store}
{{- end }}
{{- end -}}

{{- define "snaptrace.identityEnv" -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_UID
  valueFrom: {fieldRef: {fieldPath: metadata.uid}}
{{- end -}}
