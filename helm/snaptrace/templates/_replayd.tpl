{{- define "snaptrace.replaydConfig" -}}
{{- $host := .Values.collector.listenHost -}}
{{- $needs := dict "metrics" (dict "listen" (printf "%s:9465" $host)) -}}
{{- $page := .Values.replayd.page -}}
{{- if include "snaptrace.pageServed" . -}}
{{- $_ := set $needs "page" (dict "listen" (printf "%s:9466" $host)) -}}
{{- end -}}
{{- if $page.tokenSecret.name }}{{ $_ := set $needs "page_token_file" "/etc/snaptrace/page/token" }}{{ end -}}
{{- if $page.peopleSecret.name }}{{ $_ := set $needs "page_people_file" "/etc/snaptrace/people/people" }}{{ end -}}
{{- if $page.suiteConfigMap.name }}{{ $_ := set $needs "page_suite_file" "/etc/snaptrace/suite/suite.yaml" }}{{ end -}}
{{- if include "snaptrace.works" . -}}
{{- $_ := set $needs "workers" (dict "nats" (include "snaptrace.natsConfig" . | fromYaml)) -}}
{{- end -}}
{{- toYaml (mergeOverwrite $needs (deepCopy .Values.replayd.config)) -}}
{{- end -}}

{{/* Non-empty where the page is served beyond the loopback: only where something guards it. */}}
{{- define "snaptrace.pageServed" -}}
{{- if or .Values.replayd.page.tokenSecret.name .Values.replayd.page.peopleSecret.name }}yes{{ end -}}
{{- end -}}

{{- define "snaptrace.pageVolume" -}}
{{- $page := .Values.replayd.page -}}
{{- range $name, $secret := dict "page" $page.tokenSecret "people" $page.peopleSecret }}
{{- if $secret.name }}
- name: {{ $name }}
  secret:
    secretName: {{ $secret.name }}
    defaultMode: 0440
    items:
      - {key: {{ $secret.key | quote }}, path: {{ ternary "token" "people" (eq $name "page") }}}
{{- end }}
{{- end }}
{{- with $page.suiteConfigMap }}
{{- if .name }}
- name: suite
  configMap:
    name: {{ .name }}
    items:
      - {key: {{ .key | quote }}, path: suite.yaml}
{{- end }}
{{- end }}
{{- end -}}

{{- define "snaptrace.pageMounts" -}}
{{- $page := .Values.replayd.page -}}
{{- range $name, $source := dict "page" $page.tokenSecret "people" $page.peopleSecret "suite" $page.suiteConfigMap }}
{{- if $source.name }}
- {name: {{ $name }}, mountPath: /etc/snaptrace/{{ $name }}, readOnly: true}
{{- end }}
{{- end }}
{{- end -}}

{{- define "snaptrace.replaydContainer" -}}
- name: replayd
  image: {{ include "snaptrace.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args: [replayd, --config, /etc/snaptrace/config/snaptrace.yaml]
  env:
    {{- include "snaptrace.identityEnv" . | nindent 4 }}
    {{- with .Values.store.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with .Values.replayd.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.replayd.envFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - {name: replayd-http, containerPort: 9465}
    {{- if include "snaptrace.pageServed" . }}
    - {name: page, containerPort: 9466}
    {{- end }}
  startupProbe:
    httpGet: {path: /healthz, port: replayd-http}
    periodSeconds: 1
    failureThreshold: 120
  readinessProbe:
    httpGet: {path: /readyz, port: replayd-http}
    periodSeconds: 5
  livenessProbe:
    httpGet: {path: /healthz, port: replayd-http}
    periodSeconds: 10
    failureThreshold: 6
  resources:
    {{- toYaml .Values.replayd.resources | nindent 4 }}
  securityContext:
    {{- include "snaptrace.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - {name: config, mountPath: /etc/snaptrace/config, readOnly: true}
    - {name: tmp, mountPath: /tmp}
    {{- with include "snaptrace.pageMounts" . }}
    {{- . | trim | nindent 4 }}
    {{- end }}
    {{- with include "snaptrace.natsMounts" . }}
    {{- . | trim | nindent 4 }}
    {{- end }}
    {{- with include "snaptrace.keyMounts" . }}
    {{- . | trim | nindent 4 }}
    {{- end }}
    {{- with include "snaptrace.storeMount" . }}
    {{- . | trim | nindent 4 }}
    {{- end }}
{{- end -}}
