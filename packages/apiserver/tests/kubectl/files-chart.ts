/** A small chart of our own: an object, a hook that must run first, and a definition that must come before all. */
export const CHART: Readonly<Record<string, string>> = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: lamp\nversion: 0.1.0\n',
  'chart/values.yaml': 'colour: red\n',
  'chart/crds/bulbs.yaml': `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: bulbs.test.example}
spec:
  group: test.example
  scope: Namespaced
  names: {plural: bulbs, singular: bulb, kind: Bulb}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {colour: {type: string}}}}}}
`,
  'chart/templates/bulb.yaml': `
apiVersion: test.example/v1
kind: Bulb
metadata: {name: {{ .Release.Name }}}
spec: {colour: {{ .Values.colour }}}
`,
  'chart/templates/settings.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}}
data: {colour: {{ .Values.colour }}, revision: "{{ .Release.Revision }}"}
`,
  'chart/templates/hook.yaml': `
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-hook
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: before-hook-creation}
data: {ran: "{{ .Release.Revision }}"}
`,
};
