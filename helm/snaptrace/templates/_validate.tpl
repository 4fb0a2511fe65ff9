{{/* Refuses what no schema can see, in sentences. */}}
{{- define "snaptrace.validate" -}}
{{- $c := .Values.collector -}}
{{- $upstream := default "" (get (default dict (get $c.config "upstream")) "url") -}}
{{- if and (has $c.shape (list "node" "gateway")) (has $upstream (list "" "none")) -}}
{{- fail (printf "collector.shape=%s stands on the path of your telemetry: say where it goes with collector.config.upstream.url (grpc://host:4317, https://host), or use collector.shape=fanout" $c.shape) -}}
{{- end -}}
{{- if and (eq $c.shape "fanout") (not (has $upstream (list "" "none"))) -}}
{{- fail "collector.shape=fanout has no upstream: your own collector already sends to your backend. Remove collector.config.upstream, or use collector.shape=gateway" -}}
{{- end -}}
{{- $own := list (dig "journal_dir" "" $c.config) (dig "seal" "spool_bytes" "" $c.config) (dig "reservoir" "window_bytes" "" $c.config) | compact -}}
{{- if $own -}}
{{- fail "collector.config may not set journal_dir, seal.spool_bytes or reservoir.window_bytes: the chart derives them from collector.journal.sizeLimit, so that the pod is never evicted for its disk" -}}
{{- end -}}
{{- if and $c.autoscaling.enabled (not (has $c.shape (list "fanout" "gateway"))) -}}
{{- fail "collector.autoscaling scales the Deployment of collector.shape=fanout or gateway; the other shapes have as many collectors as nodes or apps" -}}
{{- end -}}
{{- if and $c.autoscaling.enabled (gt (int $c.autoscaling.minReplicas) (int $c.autoscaling.maxReplicas)) -}}
{{- fail "collector.autoscaling.minReplicas is above maxReplicas" -}}
{{- end -}}
{{- if and $c.injection.enabled (ne $c.shape "sidecar") -}}
{{- fail "collector.injection.enabled needs collector.shape=sidecar" -}}
{{- end -}}
{{- if and .Values.store.url (not .Values.store.keySecret.name) (or (include "snaptrace.replays" .) (ne $c.shape "none")) -}}
{{- fail "store.url names an object store, so all programs need one fleet secret: kubectl create secret generic snaptrace-fleet --from-literal=fleet.key=$(openssl rand -hex 32), then store.keySecret.name=snaptrace-fleet" -}}
{{- end -}}
{{- $w := .Values.workers -}}
{{- if and $w.enabled (include "snaptrace.replays" .) -}}
{{- if not (default (dig "workers" "nats" "url" "" .Values.replayd.config) $w.nats.url) -}}
{{- fail "workers.enabled needs a NATS with JetStream: set workers.nats.url=nats://nats.nats:4222; the chart installs none" -}}
{{- end -}}
{{- if and $w.nats.credentialsSecret.name $w.nats.passwordSecret.name -}}
{{- fail "workers.nats: give credentialsSecret or passwordSecret, not both" -}}
{{- end -}}
{{- if and $w.autoscaling.hpa.enabled $w.autoscaling.keda.enabled -}}
{{- fail "workers.autoscaling: one of hpa and keda scales the workers, not both" -}}
{{- end -}}
{{- if gt (int $w.autoscaling.minReplicas) (int $w.autoscaling.maxReplicas) -}}
{{- fail "workers.autoscaling.minReplicas is above maxReplicas" -}}
{{- end -}}
{{- if and (include "snaptrace.onVolume" .) (not (has "ReadWriteMany" .Values.store.volume.accessModes)) -}}
{{- fail "workers read the store from other nodes: set store.url to an object store, or store.volume.accessModes to [ReadWriteMany]" -}}
{{- end -}}
{{- end -}}
{{- if include "snaptrace.onVolume" . -}}
{{- $shared := has "ReadWriteMany" .Values.store.volume.accessModes -}}
{{- if eq $c.shape "sidecar" -}}
{{- fail "collector.shape=sidecar runs in the pods of your apps, which cannot mount this release's volume: set store.url to an object store" -}}
{{- end -}}
{{- if and (eq $c.shape "node") (not $shared) -}}
{{- fail "collector.shape=node writes from every node: set store.url to an object store, or store.volume.accessModes to [ReadWriteMany]" -}}
{{- end -}}
{{- if and (or $c.autoscaling.enabled (gt (int $c.replicas) 1)) (not $shared) (ne $c.shape "none") -}}
{{- fail "more than one collector (collector.replicas, collector.autoscaling) needs a store that several nodes can write: set store.url, or store.volume.accessModes to [ReadWriteMany]" -}}
{{- end -}}
{{- if and .Values.replayd.standby (not $shared) -}}
{{- fail "replayd.standby needs a store that two nodes can write: set store.url, or store.volume.accessModes to [ReadWriteMany]" -}}
{{- end -}}
{{- end -}}
{{- end -}}
