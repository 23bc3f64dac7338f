{{/* The settings of each component. Names beginning with the component's prefix are its own; the others
     only serve to put a secret into a URL, by $(NAME). */}}

{{/* One variable from a Secret: list root name what key */}}
{{- define "zhengshu.from" -}}
- name: {{ index . 1 }}
  valueFrom:
    secretKeyRef:
      name: {{ include "zhengshu.secret" (list (index . 0) (index . 2)) }}
      key: {{ index . 3 }}
{{- end -}}

{{/* Everything a component is told: dict root component process */}}
{{- define "zhengshu.environment" -}}
{{- $root := .root -}}{{- $name := .component -}}{{- $v := $root.Values -}}
{{- $prefix := printf "ZHENGSHU_%s" (upper $name) -}}
{{- $migrates := eq .process "migrate" -}}
- {name: {{ $prefix }}_HOST, value: 0.0.0.0}
- {name: {{ $prefix }}_PORT, value: "8080"}
{{- if has .process (list "serve" "work") }}
- {name: {{ $prefix }}_METRICS_PORT, value: "9090"}
{{- end }}
- {name: {{ $prefix }}_LOG_LEVEL, value: {{ $v.logLevel }}}
{{- with include "zhengshu.trust" $root }}
{{ . }}
{{- end }}
{{- range $key, $value := (index $v.components $name).settings }}
- name: {{ $prefix }}_{{ upper $key }}
  {{- /* A large whole number would be written 1e+07. */}}
  value: {{ and (kindIs "float64" $value) (eq $value (floor $value)) | ternary (int64 $value | toString) (toString $value) | quote }}
{{- end }}
{{- if not (has $name (list "gateway" "portal")) }}
{{ include "zhengshu.database" (dict "root" $root "database" $name "role" "app" "setting" "DATABASE_URL") }}
- {name: PGSSLMODE, value: {{ $v.postgres.sslmode }}}
{{- if hasPrefix "verify" $v.postgres.sslmode }}
- {name: PGSSLROOTCERT, value: {{ include "zhengshu.database.cas" (list $root $name) }}}
{{- end }}
{{- if $migrates }}
{{ include "zhengshu.database" (dict "root" $root "database" $name "role" "owner" "setting" "MIGRATION_URL") }}
{{- end }}
{{- end }}
{{- if not (has $name (list "commission" "portal")) }}
- {name: {{ $prefix }}_NATS_URL, value: {{ include "zhengshu.nats.url" $root | quote }}}
{{- $operates := and $migrates (eq $name "gateway") }}
- {name: {{ $prefix }}_NATS_USER, value: {{ ternary "operator" $name $operates }}}
{{ include "zhengshu.from" (list $root (print $prefix "_NATS_PASSWORD") (ternary "nats" $name $operates) (ternary "operator-password" "nats-password" $operates)) }}
{{- end }}
{{- if has $name (include "zhengshu.keepers" $root | fromJsonArray) }}
{{ include "zhengshu.store" (list $root $name) }}
{{- end }}
{{- if has $name (list "catalog" "sharing" "opening" "audit") }}
{{ include "zhengshu.from" (list $root (print $prefix "_INTERNAL_KEY") $name "internal-key") }}
{{- end }}
{{ include (print "zhengshu.environment." $name) (dict "root" $root "prefix" $prefix) }}
{{- end -}}

{{- define "zhengshu.environment.catalog" -}}
{{ include "zhengshu.database" (dict "root" .root "database" "catalog" "role" "reader" "setting" "READER_URL") }}
{{ include "zhengshu.from" (list .root (print .prefix "_RECEIPT_KEY") "catalog" "receipt-key") }}
{{ include "zhengshu.from" (list .root (print .prefix "_ROW_ID_KEY") "catalog" "row-id-key") }}
{{ include "zhengshu.from" (list .root (print .prefix "_CURSOR_KEY") "catalog" "cursor-key") }}
{{- end -}}

{{- define "zhengshu.environment.sharing" -}}
{{- if .root.Values.calendar }}
- {name: {{ .prefix }}_CALENDAR_FILE, value: /etc/zhengshu/calendar/calendar.json}
{{- end }}
{{- end -}}

{{- define "zhengshu.environment.opening" -}}
- {name: {{ .prefix }}_GATEWAY_URL, value: {{ include "zhengshu.url" (list .root "gateway") }}}
- {name: {{ .prefix }}_PUBLIC_URL, value: {{ include "zhengshu.public" (list .root .root.Values.hosts.api) }}}
{{ include "zhengshu.from" (list .root (print .prefix "_CLIENT_ID") "opening" "client-id") }}
{{ include "zhengshu.from" (list .root (print .prefix "_CLIENT_SECRET") "opening" "client-secret") }}
{{- end -}}

{{- define "zhengshu.environment.audit" -}}
{{ include "zhengshu.from" (list .root (print .prefix "_CHECKPOINT_KEY") "audit" "checkpoint-key") }}
{{ include "zhengshu.from" (list .root (print .prefix "_WITNESS_KEY") "commission" "witness-public-key") }}
{{- end -}}

{{- define "zhengshu.environment.commission" -}}
- {name: {{ .prefix }}_GATEWAY_URL, value: {{ include "zhengshu.url" (list .root "gateway") }}}
{{ include "zhengshu.from" (list .root (print .prefix "_SHARED_KEY") "commission" "shared-key") }}
{{ include "zhengshu.from" (list .root (print .prefix "_DESK_TOKEN") "commission" "desk-token") }}
{{ include "zhengshu.from" (list .root (print .prefix "_WITNESS_KEY") "commission" "witness-key") }}
{{ include "zhengshu.from" (list .root (print .prefix "_LEDGER_KEY") "audit" "checkpoint-public-key") }}
{{- end -}}

{{- define "zhengshu.environment.gateway" -}}
{{- $v := .root.Values -}}{{- $here := . -}}
- {name: {{ .prefix }}_ISSUER, value: {{ include "zhengshu.public" (list .root $v.hosts.api) }}}
- {name: {{ .prefix }}_PORTAL_URL, value: {{ include "zhengshu.public" (list .root $v.hosts.portal) }}}
{{- /* The server takes others too: the deployables, which are inside. */}}
- {name: {{ .prefix }}_INTEGRATORS_TLS, value: {{ include "zhengshu.nats.tls" .root | quote }}}
- {name: {{ .prefix }}_STREAM_REPLICAS, value: {{ $v.nats.streamReplicas | quote }}}
- name: {{ .prefix }}_REPLICA
  valueFrom:
    fieldRef: {fieldPath: metadata.name}
{{- range list "catalog" "sharing" "opening" "audit" }}
- {name: {{ $here.prefix }}_{{ upper . }}_URL, value: {{ include "zhengshu.url" (list $here.root .) }}}
{{ include "zhengshu.from" (list $here.root (printf "%s_%s_KEY" $here.prefix (upper .)) . "internal-key") }}
{{- end }}
- {name: {{ .prefix }}_COMMISSION_URL, value: {{ $v.commission.standIn | ternary (include "zhengshu.url" (list .root "commission")) $v.commission.url }}}
{{ include "zhengshu.from" (list .root (print .prefix "_COMMISSION_KEY") "commission" "shared-key") }}
{{ include "zhengshu.from" (list .root (print .prefix "_TOKEN_KEY") "gateway" "token-key") }}
{{ include "zhengshu.from" (list .root (print .prefix "_INTEGRATORS_KEY") "gateway" "integrators-key") }}
{{- if $v.components.gateway.settings.oidc_client_id }}
{{ include "zhengshu.from" (list .root (print .prefix "_OIDC_CLIENT_SECRET") "gateway" "oidc-client-secret") }}
{{- end }}
{{ include "zhengshu.from" (list .root "RECEIPTS" "catalog" "receipt-public-key") }}
{{ include "zhengshu.from" (list .root "LEDGER" "audit" "checkpoint-public-key") }}
{{ include "zhengshu.from" (list .root "WITNESS" "commission" "witness-public-key") }}
- {name: {{ .prefix }}_PUBLISHED_KEYS, value: "[$(RECEIPTS),$(LEDGER),$(WITNESS)]"}
{{- with $v.exposure.trustedProxies }}
- {name: FORWARDED_ALLOW_IPS, value: {{ . | quote }}}
{{- end }}
{{- end -}}

{{- define "zhengshu.environment.portal" -}}
- {name: {{ .prefix }}_GATEWAY_URL, value: {{ include "zhengshu.url" (list .root "gateway") }}}
- {name: {{ .prefix }}_PUBLIC_URL, value: {{ include "zhengshu.public" (list .root .root.Values.hosts.api) }}}
{{- end -}}
