{{/* Where databases and NATS are, whether the chart brings them or not. */}}

{{/* The URL of a database as one role: dict root database role setting */}}
{{- define "zhengshu.database" -}}
{{- $variable := printf "%s_PASSWORD" (upper .role) -}}
{{ include "zhengshu.from" (list .root $variable (printf "%s-%s" .database .role) "password") }}
- name: ZHENGSHU_{{ upper .database }}_{{ .setting }}
  value: postgresql://{{ .database }}_{{ .role }}:$({{ $variable }})@{{ include "zhengshu.database.address" (list .root .database) }}
{{- end -}}

{{/* host:port/name of a database: list root database */}}
{{- define "zhengshu.database.address" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}
{{- if eq $root.Values.postgres.mode "cnpg" -}}
{{ include "zhengshu.fullname" $root }}-{{ $name }}-db-rw:5432/{{ $name }}
{{- else -}}
{{- with $root.Values.postgres.external -}}
{{- $own := index .databases $name | default dict -}}
{{ $own.host | default .host }}:{{ $own.port | default .port }}/{{ $own.name | default $name }}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Secret with the CA of a database's server, or nothing: list root database */}}
{{- define "zhengshu.database.ca" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}
{{- if has $name (list "gateway" "portal") -}}
{{- else if eq $root.Values.postgres.mode "cnpg" -}}
{{ include "zhengshu.fullname" $root }}-{{ $name }}-db-ca
{{- else -}}
{{ $root.Values.postgres.external.caSecret }}
{{- end -}}
{{- end -}}

{{/* Where the CAs are by which a database's server is verified: list root database */}}
{{- define "zhengshu.database.cas" -}}
{{- if include "zhengshu.database.ca" . -}}/etc/zhengshu/postgres/ca.crt
{{- else if (index . 0).Values.caSecret -}}/etc/zhengshu/ca/ca.crt
{{- else -}}/etc/ssl/certs/ca-certificates.crt
{{- end -}}
{{- end -}}

{{/* Whom every program believes beside, or rather instead of, the CAs of its image: root */}}
{{- define "zhengshu.trust" -}}
{{- if .Values.caSecret -}}
- {name: SSL_CERT_FILE, value: /etc/zhengshu/ca/ca.crt}
{{- end -}}
{{- end -}}

{{- define "zhengshu.trust.volume" -}}
{{- with .Values.caSecret -}}
- name: ca
  secret: {secretName: {{ . }}, items: [{key: ca.crt, path: ca.crt}]}
{{- end -}}
{{- end -}}

{{- define "zhengshu.trust.mount" -}}
{{- if .Values.caSecret -}}
- {name: ca, mountPath: /etc/zhengshu/ca, readOnly: true}
{{- end -}}
{{- end -}}

{{/* Volume with the CA: list root database */}}
{{- define "zhengshu.database.volume" -}}
{{- with include "zhengshu.database.ca" . -}}
- name: postgres-ca
  secret: {secretName: {{ . }}, items: [{key: ca.crt, path: ca.crt}]}
{{- end -}}
{{- end -}}

{{- define "zhengshu.database.mount" -}}
{{- if include "zhengshu.database.ca" . -}}
- {name: postgres-ca, mountPath: /etc/zhengshu/postgres, readOnly: true}
{{- end -}}
{{- end -}}

{{/* Which components keep files. */}}
{{- define "zhengshu.keepers" -}}["catalog","sharing","opening"]{{- end -}}

{{/* Where a component keeps its files, and as whom: list root component */}}
{{- define "zhengshu.store" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}
{{- with $root.Values.objectStore -}}
- name: ZHENGSHU_{{ upper $name }}_STORE_URL
  value: {{ .url | empty | ternary "file:///var/lib/zhengshu" (printf "%s/%s" (trimSuffix "/" .url) $name) }}
{{- if .url }}
{{- with .endpoint }}
- {name: AWS_ENDPOINT, value: {{ . }}}
{{- if hasPrefix "http://" . }}
- {name: AWS_ALLOW_HTTP, value: "true"}
{{- end }}
{{- end }}
{{- with .region }}
- {name: AWS_REGION, value: {{ . }}}
{{- end }}
{{- $secret := .credentialsSecret }}
{{- range $key := $secret | empty | ternary list (list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY") }}
- name: {{ $key }}
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: {{ $key }}}
{{- end }}
{{- end }}
{{- end -}}
{{- end -}}

{{/* Whether whoever is not a deployable connects to NATS by TLS: root */}}
{{- define "zhengshu.nats.tls" -}}
{{- if eq .Values.nats.mode "cluster" -}}
{{ .Values.nats.cluster.tlsSecret | empty | not }}
{{- else -}}
{{ hasPrefix "tls://" .Values.nats.external.url }}
{{- end -}}
{{- end -}}

{{/* Where NATS is: root */}}
{{- define "zhengshu.nats.url" -}}
{{- if eq .Values.nats.mode "cluster" -}}
nats://{{ include "zhengshu.fullname" . }}-nats:4222
{{- else -}}
{{ .Values.nats.external.url }}
{{- end -}}
{{- end -}}
