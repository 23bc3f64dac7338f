{{/* What the schema cannot say of the values: two places that contradict each other. Each refusal begins with
     the place that is to be changed. */}}

{{- define "zhengshu.checks" -}}
{{- $v := .Values -}}
{{- if eq $v.hosts.portal $v.hosts.api -}}
{{- fail "hosts.portal: the portal and the API need a name each" -}}
{{- end -}}
{{- range $name, $component := $v.components -}}
{{- with $component.serve.autoscaling -}}
{{- if gt (int .min) (int .max) -}}
{{- fail (printf "components.%s.serve.autoscaling.max: %v is less than min, which is %v" $name .max .min) -}}
{{- end -}}
{{- end -}}
{{- include "zhengshu.checks.resources" (list (printf "components.%s.serve" $name) $component.serve.resources) -}}
{{- with $component.work -}}
{{- include "zhengshu.checks.resources" (list (printf "components.%s.work" $name) .resources) -}}
{{- end -}}
{{- end -}}
{{- include "zhengshu.checks.resources" (list "jobs" $v.jobs.resources) -}}
{{- if eq $v.postgres.mode "cnpg" -}}
{{- include "zhengshu.checks.resources" (list "postgres.cnpg" $v.postgres.cnpg.resources) -}}
{{- end -}}
{{- if eq $v.nats.mode "cluster" -}}
{{- include "zhengshu.checks.nats" $v.nats -}}
{{- end -}}
{{- if $v.network.policies -}}
{{- include "zhengshu.checks.places" . -}}
{{- end -}}
{{- end -}}

{{/* Requests within limits: list place resources */}}
{{- define "zhengshu.checks.resources" -}}
{{- $place := index . 0 -}}
{{- with index . 1 -}}
{{- if gt (include "zhengshu.mebi" .requests.memory | int64) (include "zhengshu.mebi" .limits.memory | int64) -}}
{{- fail (printf "%s.resources.requests.memory: %s is more than the limit, which is %s" $place .requests.memory .limits.memory) -}}
{{- end -}}
{{- if gt (include "zhengshu.milli" .requests.cpu | float64) (include "zhengshu.milli" .limits.cpu | float64) -}}
{{- fail (printf "%s.resources.requests.cpu: %s is more than the limit, which is %s" $place .requests.cpu .limits.cpu) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "zhengshu.checks.nats" -}}
{{- if gt (int .streamReplicas) (int .cluster.replicas) -}}
{{- fail (printf "nats.streamReplicas: %v copies of a stream need as many servers, nats.cluster.replicas is %v" .streamReplicas .cluster.replicas) -}}
{{- end -}}
{{- with .cluster -}}
{{- include "zhengshu.checks.resources" (list "nats.cluster" .resources) -}}
{{- if and .integrators.enabled (not .tlsSecret) -}}
{{- fail "nats.cluster.tlsSecret: integrators from outside the cluster are let in by TLS alone" -}}
{{- end -}}
{{- if ge (int64 .maxFileStore) (mul (include "zhengshu.mebi" .storage.size | int64) 1048576) -}}
{{- fail (printf "nats.cluster.maxFileStore: %d bytes do not fit on a volume of %s; a full volume stops the server" (int64 .maxFileStore) .storage.size) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What is outside is reached only if values say where it is. */}}
{{- define "zhengshu.checks.places" -}}
{{- $v := .Values -}}
{{- $needed := dict "postgres" (eq $v.postgres.mode "external") "nats" (eq $v.nats.mode "external") "objectStore" $v.objectStore.url "commission" (not $v.commission.standIn) "oidc" $v.components.gateway.settings.oidc_issuer -}}
{{- range $place, $is := $needed -}}
{{- if and $is (not (index $v.network.to $place).peers) -}}
{{- fail (printf "network.to.%s.peers: policies refuse what is not drawn, so say where it is" $place) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A quantity of memory in Mi. */}}
{{- define "zhengshu.mebi" -}}
{{- $number := regexFind "^[0-9]+" . | int64 -}}
{{- if hasSuffix "Ti" . }}{{ mul $number 1048576 }}{{ else if hasSuffix "Gi" . }}{{ mul $number 1024 }}{{ else }}{{ $number }}{{ end -}}
{{- end -}}

{{/* A quantity of CPU in thousandths. */}}
{{- define "zhengshu.milli" -}}
{{- if hasSuffix "m" . }}{{ trimSuffix "m" . }}{{ else }}{{ mulf (float64 .) 1000 }}{{ end -}}
{{- end -}}
