{{/* "true" where workers run: beside a replayd whose configuration names NATS. */}}
{{- define "snaptrace.works" -}}
{{- if and .Values.workers.enabled (include "snaptrace.replays" .) }}true{{ end -}}
{{- end -}}

{{/* Files of NATS that leader and workers mount, as keys of `replayd.workers.nats`. */}}
{{- define "snaptrace.natsConfig" -}}
{{- $nats := .Values.workers.nats -}}
{{- $found := dict -}}
{{- if $nats.credentialsSecret.name -}}{{- $_ := set $found "credentials_file" "/etc/snaptrace/nats/nats.creds" -}}{{- end -}}
{{- if $nats.passwordSecret.name -}}
{{- $_ := set $found "user" $nats.passwordSecret.user -}}
{{- $_ := set $found "password_file" "/etc/snaptrace/nats/password" -}}
{{- end -}}
{{- if $nats.tlsSecret.name -}}
{{- $_ := set $found "ca_file" "/etc/snaptrace/nats-tls/ca.crt" -}}
{{- if $nats.tlsSecret.client -}}
{{- $_ := set $found "cert_file" "/etc/snaptrace/nats-tls/tls.crt" -}}
{{- $_ := set $found "key_file" "/etc/snaptrace/nats-tls/tls.key" -}}
{{- end -}}
{{- end -}}
{{- if $nats.url -}}{{- $_ := set $found "url" $nats.url -}}{{- end -}}
{{- if gt (int $nats.replicas) 1 -}}{{- $_ := set $found "replicas" (int $nats.replicas) -}}{{- end -}}
{{- toYaml $found -}}
{{- end -}}

{{- define "snaptrace.natsVolumes" -}}
{{- if include "snaptrace.works" . }}
{{- $nats := .Values.workers.nats }}
{{- $secrets := list }}
{{- if $nats.credentialsSecret.name }}{{ $secrets = append $secrets (list $nats.credentialsSecret.name $nats.credentialsSecret.key "nats.creds") }}{{ end }}
{{- if $nats.passwordSecret.name }}{{ $secrets = append $secrets (list $nats.passwordSecret.name $nats.passwordSecret.key "password") }}{{ end }}
{{- range $secrets }}
- name: nats
  secret:
    secretName: {{ index . 0 }}
    defaultMode: 0440
    items:
      - {key: {{ index . 1 | quote }}, path: {{ index . 2 }}}
{{- end }}
{{- if $nats.tlsSecret.name }}
- name: nats-tls
  secret:
    secretName: {{ $nats.tlsSecret.name }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- end -}}

{{- define "snaptrace.natsMounts" -}}
{{- if include "snaptrace.works" . }}
{{- $nats := .Values.workers.nats }}
{{- if or $nats.credentialsSecret.name $nats.passwordSecret.name }}
- {name: nats, mountPath: /etc/snaptrace/nats, readOnly: true}
{{- end }}
{{- if $nats.tlsSecret.name }}
- {name: nats-tls, mountPath: /etc/snaptrace/nats-tls, readOnly: true}
{{- end }}
{{- end }}
{{- end -}}

{{- define "snaptrace.workerContainer" -}}
- name: worker
  image: {{ include "snaptrace.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args:
    - worker
    - --config
    - /etc/snaptrace/config/snaptrace.yaml
    - --set
    - replayd.workers.listen={{ .Values.collector.listenHost }}:9467
    {{- with .Values.workers.pool }}
    - --set
    - replayd.workers.pool={{ . }}
    {{- end }}
    {{- range .Values.workers.set }}
    - --set
    - {{ . | quote }}
    {{- end }}
  env:
    {{- include "snaptrace.identityEnv" . | nindent 4 }}
    {{- with .Values.store.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with .Values.replayd.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- with .Values.workers.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with concat .Values.replayd.envFrom .Values.workers.envFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  ports:
    - {name: worker-http, containerPort: 9467}
  startupProbe:
    httpGet: {path: /healthz, port: worker-http}
    periodSeconds: 1
    failureThreshold: 120
  readinessProbe:
    httpGet: {path: /readyz, port: worker-http}
    periodSeconds: 5
  livenessProbe:
    httpGet: {path: /healthz, port: worker-http}
    periodSeconds: 10
    failureThreshold: 6
  resources:
    {{- toYaml .Values.workers.resources | nindent 4 }}
  securityContext:
    {{- include "snaptrace.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - {name: config, mountPath: /etc/snaptrace/config, readOnly: true}
    - {name: tmp, mountPath: /tmp}
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
