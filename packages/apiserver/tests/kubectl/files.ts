/** What the scripts apply. */
export const FILES: Readonly<Record<string, string>> = {
  'web.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: red}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'web:1', ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`,
  'rival.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {colour: green}\n',
  'changed.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {colour: purple}\n',
  'prune-one.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keep, labels: {app: pruned}}\ndata: {text: kept}\n',
  'prune-two.yaml': `
apiVersion: v1
kind: ConfigMap
metadata: {name: keep, labels: {app: pruned}}
data: {text: kept}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: drop, labels: {app: pruned}}
`,
  'replacement.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keep}\ndata: {text: replaced}\n',
  'hello.txt': 'a greeting\n',
  'crd.yaml': `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.test.example}
spec:
  group: test.example
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd]}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}
      additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer, minimum: 0, description: How big it is.}}}
            status: {type: object, properties: {size: {type: integer}}}
`,
  'event.yaml': `
apiVersion: v1
kind: Event
metadata: {name: happened, namespace: full}
type: Normal
reason: Tested
message: it was seen
involvedObject: {apiVersion: v1, kind: Pod, name: single, namespace: full}
firstTimestamp: '2026-01-01T00:00:00Z'
lastTimestamp: '2026-01-01T00:00:00Z'
count: 1
source: {component: tests}
`,
  'widget.yaml': 'apiVersion: test.example/v1\nkind: Widget\nmetadata: {name: round}\nspec: {size: 3}\n',
};
