{{/* What every pod and container has in common; nothing here can be switched off. */}}

{{/* Pod level: root */}}
{{- define "zhengshu.pod" -}}
automountServiceAccountToken: false
# Kubernetes would announce Services as variables, <release>_CATALOG_PORT among them: our own settings' names.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* Container level */}}
{{- define "zhengshu.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Container of one of our images: dict root component args environment resources [mounts] */}}
{{- define "zhengshu.container" -}}
image: {{ include "zhengshu.image" (list .root .component) }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
command: [python3, -m, zhengshu_{{ .component }}]
args: {{ toJson .args }}
env: {{ .environment | nindent 2 }}
resources: {{ toYaml .resources | nindent 2 }}
securityContext: {{ include "zhengshu.confined" . | nindent 2 }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  {{- with include "zhengshu.trust.mount" .root }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with .mounts }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* The one writable place of every pod. */}}
{{- define "zhengshu.tmp" -}}
- name: tmp
  emptyDir: {sizeLimit: 1Gi}
{{- end -}}

{{/* Pods of one kind apart from each other: dict place (list root component [process]) node (what if they cannot) */}}
{{- define "zhengshu.spread" -}}
{{- $labels := include "zhengshu.selector" .place -}}
topologySpreadConstraints:
  {{- range $key, $otherwise := dict "kubernetes.io/hostname" .node "topology.kubernetes.io/zone" "ScheduleAnyway" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: {{ $otherwise }}
    labelSelector:
      matchLabels: {{ $labels | nindent 8 }}
  {{- end }}
{{- end -}}
