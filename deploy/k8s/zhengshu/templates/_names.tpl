{{/* Names and labels. Everything is named from the full name: two releases fit in one namespace. */}}

{{- define "zhengshu.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}{{ .Values.fullnameOverride | trunc 30 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}{{ .Release.Name | trunc 30 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-%s" .Release.Name $name | trunc 30 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{/* Name of a Secret: list root what */}}
{{- define "zhengshu.secret" -}}
{{- $root := index . 0 -}}{{- $what := index . 1 -}}
{{- index $root.Values.existingSecrets $what | default (printf "%s-%s" (include "zhengshu.fullname" $root) $what) -}}
{{- end -}}

{{/* What distinguishes this release's objects from all others. */}}
{{- define "zhengshu.release" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Labels by which pods are selected: list root component [process] */}}
{{- define "zhengshu.selector" -}}
{{ include "zhengshu.release" (index . 0) }}
app.kubernetes.io/component: {{ index . 1 }}
{{- if gt (len .) 2 }}
zhengshu/process: {{ index . 2 }}
{{- end }}
{{- end -}}

{{/* All labels: list root component [process] */}}
{{- define "zhengshu.labels" -}}
{{- $root := index . 0 -}}
{{ include "zhengshu.selector" . }}
app.kubernetes.io/part-of: zhengshu
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | quote }}
{{- end -}}

{{/* Image of a component: list root component */}}
{{- define "zhengshu.image" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}
{{- with $root.Values.image -}}
{{- if .registry }}{{ .registry }}/{{ end -}}
zhengshu-{{ $name }}
{{- with index .digests $name }}@{{ . }}{{ else }}:{{ .tag | default $root.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* Components that run here, with their values, as JSON. */}}
{{- define "zhengshu.components" -}}
{{- $components := .Values.components -}}
{{- if not .Values.commission.standIn }}{{ $components = omit $components "commission" }}{{ end -}}
{{- toJson $components -}}
{{- end -}}

{{/* Public address of a host: list root host */}}
{{- define "zhengshu.public" -}}
{{- $root := index . 0 -}}
{{ $root.Values.exposure.scheme }}://{{ index . 1 }}
{{- end -}}

{{/* Address of a component inside the cluster: list root component */}}
{{- define "zhengshu.url" -}}
http://{{ include "zhengshu.fullname" (index . 0) }}-{{ index . 1 }}:8080
{{- end -}}
