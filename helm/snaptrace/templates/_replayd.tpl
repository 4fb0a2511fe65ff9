{{- define "snaptrace.replaydConfig" -}}
{{- $host := .Values.collector.listenHost -}}
{{- $needs := dict "metrics" (dict "listen" (printf "%s:9465" $host)) -}}
{{- if .Values.replayd.page.tokenSecret.name -}}
{{- $_ := set $needs "page" (dict "listen" (printf "%s:9466" $host)) -}}
{{- $_ := set $needs "page_token_file" "/etc/snaptrace/page/token" -}}
{{- end -}}
{{- if include "snaptrace.works" . -}}
{{- $_ := set $needs "workers" (dict "nats" (include "snaptrace.natsConfig" . | fromYaml)) -}}
{{- end -}}
{{- toYaml (mergeOverwrite $needs (deepCopy .Values.replayd.config)) -}}
{{- end -}}

{{- define "snaptrace.pageVolume" -}}
{{- if .Values.replayd.page.tokenSecret.name }}
- name: page
  secret:
    secretName: {{ .Values.replayd.page.tokenSecret.name }}
    defaultMode: 0440
    items:
      - {key: {{ .Values.replayd.page.tokenSecret.key | quote }}, path: token}
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
    {{- if .Values.replayd.page.tokenSecret.name }}
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
    {{- if .Values.replayd.page.tokenSecret.name }}
    - {name: page, mountPath: /etc/snaptrace/page, readOnly: true}
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
