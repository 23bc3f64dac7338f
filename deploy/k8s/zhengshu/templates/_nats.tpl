{{/* The server's configuration: rights from files/nats.json, which the one-machine node shares; where, from here.
     Passwords are variables. */}}
{{- define "zhengshu.nats.conf" -}}
{{- $root := . -}}
{{- $name := printf "%s-nats" (include "zhengshu.fullname" .) -}}
{{- $conf := .Files.Get "files/nats.json" | fromJson -}}
{{- with .Values.nats.cluster -}}
{{- $_ := set $conf "server_name" "$POD_NAME" -}}
{{- $_ := set $conf "listen" "0.0.0.0:4222" -}}
{{- $_ := set $conf "http" "0.0.0.0:8222" -}}
{{- $_ := set $conf "pid_file" "/tmp/nats.pid" -}}
{{- $_ := set $conf "lame_duck_grace_period" "10s" -}}
{{- $_ := set $conf "lame_duck_duration" "30s" -}}
{{- $_ := set $conf.jetstream "store_dir" "/data" -}}
{{- $_ := set $conf.jetstream "max_file_store" (int64 .maxFileStore) -}}
{{- if .tlsSecret -}}
{{- $_ := set $conf "allow_non_tls" true -}}
{{- $_ := set $conf "tls" (dict "cert_file" "/etc/nats-tls/tls.crt" "key_file" "/etc/nats-tls/tls.key") -}}
{{- end -}}
{{- if gt (int .replicas) 1 -}}
{{- $routes := list -}}
{{- range $i := until (int .replicas) }}{{ $routes = append $routes (printf "$NATS_ROUTE_%d" $i) }}{{ end -}}
{{- $authorization := dict "user" "routes" "password" "$NATS_ROUTES" "timeout" 2 -}}
{{- $_ := set $conf "cluster" (dict "name" $name "listen" "0.0.0.0:6222" "no_advertise" true "authorization" $authorization "routes" $routes) -}}
{{- end -}}
{{- end -}}
{{- /* A variable stands bare; in quotes it would be a text. */ -}}
{{- regexReplaceAll "\"(\\$(NATS_[A-Z0-9_]+|POD_NAME))\"" (toPrettyJson $conf | replace "\\u003e" ">") "${1}" -}}
{{- end -}}

{{/* A variable whose value NATS reads as a text whatever it looks like (12e3, true): in quotes.
     list root name what key */}}
{{- define "zhengshu.nats.password" -}}
{{- $raw := printf "%s_RAW" (index . 1) -}}
{{ include "zhengshu.from" (list (index . 0) $raw (index . 2) (index . 3)) }}
- {name: {{ index . 1 }}, value: '"$({{ $raw }})"'}
{{- end -}}
