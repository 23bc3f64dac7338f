{{/* One process of one component: Deployment, Service, ServiceAccount, PodDisruptionBudget, and for what
     serves a HorizontalPodAutoscaler. dict root component process values */}}
{{- define "zhengshu.workload" -}}
{{- $root := .root -}}
{{- $serves := eq .process "serve" -}}
{{- $name := printf "%s-%s%s" (include "zhengshu.fullname" $root) .component (ternary "" "-work" $serves) -}}
{{- $place := list $root .component .process -}}
{{- $scales := and $serves .values.autoscaling.enabled -}}
{{- $stores := and (has .component (include "zhengshu.keepers" $root | fromJsonArray)) (not $root.Values.objectStore.url) -}}
{{- $bound := and $stores (eq $root.Values.objectStore.volume.accessMode "ReadWriteOnce") -}}
{{- $mounts := list (include "zhengshu.database.mount" (list $root .component)) -}}
{{- $dated := and (eq .component "sharing") $root.Values.calendar -}}
{{- if $dated }}{{ $mounts = append $mounts "- {name: calendar, mountPath: /etc/zhengshu/calendar, readOnly: true}" }}{{ end -}}
{{- if $stores }}{{ $mounts = append $mounts "- {name: files, mountPath: /var/lib/zhengshu}" }}{{ end -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  labels: {{ include "zhengshu.labels" $place | nindent 4 }}
automountServiceAccountToken: false
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels: {{ include "zhengshu.labels" $place | nindent 4 }}
spec:
  {{- if not $scales }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  selector:
    matchLabels: {{ include "zhengshu.selector" $place | nindent 6 }}
  strategy:
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
  template:
    metadata:
      labels: {{ include "zhengshu.labels" $place | nindent 8 }}
      {{- $annotations := $root.Values.podAnnotations }}
      {{- if $dated }}{{ $annotations = merge (dict "checksum/calendar" (toJson $root.Values.calendar | sha256sum)) $annotations }}{{ end }}
      {{- with $annotations }}
      annotations: {{ toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ $name }}
      {{- include "zhengshu.pod" $root | nindent 6 }}
      {{- include "zhengshu.spread" (dict "place" $place "node" "ScheduleAnyway") | nindent 6 }}
      {{- if $bound }}
      affinity:
        podAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - topologyKey: kubernetes.io/hostname
              labelSelector:
                matchLabels: {{ include "zhengshu.selector" (list $root .component) | nindent 18 }}
      {{- end }}
      # Longer than the ten seconds that open requests get and the drain of NATS after them.
      terminationGracePeriodSeconds: 45
      containers:
        - name: {{ .component }}
          {{- $environment := include "zhengshu.environment" . }}
          {{- include "zhengshu.container" (dict "root" $root "component" .component "args" (list .process) "environment" $environment "resources" .values.resources "mounts" (join "\n" (compact $mounts))) | nindent 10 }}
          ports:
            - {name: http, containerPort: 8080}
            - {name: metrics, containerPort: 9090}
          startupProbe:
            httpGet: {path: /health/live, port: http}
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet: {path: /health/live, port: http}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet: {path: /health/ready, port: http}
            periodSeconds: 5
            timeoutSeconds: 5
          lifecycle:
            # Until every proxy has forgotten this pod.
            preStop:
              sleep: {seconds: 5}
      volumes:
        {{- include "zhengshu.tmp" . | nindent 8 }}
        {{- with include "zhengshu.trust.volume" $root }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with include "zhengshu.database.volume" (list $root .component) }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- if $dated }}
        - name: calendar
          configMap: {name: {{ include "zhengshu.fullname" $root }}-calendar}
        {{- end }}
        {{- if $stores }}
        - name: files
          persistentVolumeClaim: {claimName: {{ include "zhengshu.fullname" $root }}-{{ .component }}-files}
        {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $name }}
  labels: {{ include "zhengshu.labels" $place | nindent 4 }}
spec:
  {{- if not $serves }}
  clusterIP: None  # nobody calls it: for metrics alone
  {{- end }}
  selector: {{ include "zhengshu.selector" $place | nindent 4 }}
  ports:
    - {name: http, port: 8080, targetPort: http}
    - {name: metrics, port: 9090, targetPort: metrics}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $name }}
  labels: {{ include "zhengshu.labels" $place | nindent 4 }}
spec:
  {{- /* Pods bound to one volume leave its node together: one by one the first would wait for the last for ever. */}}
  maxUnavailable: {{ ternary "100%" 1 $bound }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{ include "zhengshu.selector" $place | nindent 6 }}
{{- if $scales }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ $name }}
  labels: {{ include "zhengshu.labels" $place | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ $name }}}
  minReplicas: {{ .values.autoscaling.min }}
  maxReplicas: {{ .values.autoscaling.max }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ .values.autoscaling.cpu }}}
{{- end }}
{{- end -}}
