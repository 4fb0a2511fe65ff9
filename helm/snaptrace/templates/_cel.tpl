{{/* A value as a CEL literal. Lists and maps may not mix types there, so each member
is wrapped in dyn(). */}}
{{- define "snaptrace.cel" -}}
{{- if kindIs "map" . -}}
{ {{- range $i, $key := keys . | sortAlpha }}{{ if $i }}, {{ end }}{{ toJson $key }}: dyn({{ include "snaptrace.cel" (get $ $key) }}){{ end -}} }
{{- else if kindIs "slice" . -}}
[{{ range $i, $item := . }}{{ if $i }}, {{ end }}dyn({{ include "snaptrace.cel" $item }}){{ end }}]
{{- else -}}
{{ toJson . }}
{{- end -}}
{{- end -}}
