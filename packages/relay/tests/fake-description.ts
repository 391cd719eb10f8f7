/** An OpenAPI v3 document as a Kubernetes API writes it, of the kinds that front ends use. */

interface KindShape {
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly spec: object;
  readonly status?: object;
}

const GROUP = 'crownlabs.polito.it';
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const text = { type: 'string' };
const flag = { type: 'boolean' };
const count = { type: 'integer', format: 'int64' };
const quantity = { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] };
const map = { type: 'object', additionalProperties: text };
const object = (properties: object) => ({ type: 'object', properties });
const list = (items: object) => ({ type: 'array', items });
const oneOf = (...values: string[]) => ({ type: 'string', enum: values });
const ref = object({ name: text, namespace: text });
const quota = object({ cpu: quantity, memory: quantity, disk: quantity, otherResources: map, instances: count });
const phase = oneOf('', 'Starting', 'Ready', 'Off');

const environment = object({
  name: text,
  image: text,
  environmentType: oneOf('VirtualMachine', 'Container', 'CloudVM', 'Standalone', 'LocalVM'),
  guiEnabled: flag,
  persistent: flag,
  mountMyDriveVolume: flag,
  resources: object({ cpu: quantity, memory: quantity, disk: quantity, reservedCPUPercentage: { type: 'integer', format: 'int32' } }),
  sharedVolumeMounts: list(object({ sharedVolume: ref, mountPath: text, readOnly: flag })),
  nodeSelector: map,
});

const KINDS: readonly KindShape[] = [
  {
    version: 'v1alpha2',
    kind: 'Instance',
    plural: 'instances',
    namespaced: true,
    spec: object({
      'template.crownlabs.polito.it/TemplateRef': ref,
      'tenant.crownlabs.polito.it/TenantRef': ref,
      running: flag,
      prettyName: text,
      nodeSelector: map,
      publicExposure: object({ ports: list(object({ name: text, port: count, targetPort: count })) }),
    }),
    status: object({
      phase,
      url: text,
      nodeName: text,
      nodeSelector: map,
      environments: list(object({ name: text, phase, ip: text, initialReadyTime: text })),
      publicExposure: object({ externalIP: text, phase: text, ports: list(object({ name: text, port: count, targetPort: count })) }),
    }),
  },
  {
    version: 'v1alpha2',
    kind: 'Template',
    plural: 'templates',
    namespaced: true,
    spec: object({
      prettyName: text,
      description: text,
      allowPublicExposure: flag,
      environmentList: list(environment),
      'workspace.crownlabs.polito.it/WorkspaceRef': ref,
    }),
  },
  {
    version: 'v1alpha2',
    kind: 'Tenant',
    plural: 'tenants',
    namespaced: false,
    spec: object({
      firstName: text,
      lastName: text,
      email: text,
      lastLogin: { type: 'string', format: 'date-time' },
      workspaces: list(object({ name: text, role: oneOf('manager', 'user', 'candidate') })),
      publicKeys: list(text),
      personalWorkspace: quota,
    }),
    status: object({ personalNamespace: object({ name: text, created: flag }) }),
  },
  {
    version: 'v1alpha1',
    kind: 'Workspace',
    plural: 'workspaces',
    namespaced: false,
    spec: object({ prettyName: text, autoEnroll: oneOf('', 'withApproval', 'immediate'), quota }),
    status: object({ namespace: object({ name: text, created: flag }) }),
  },
  {
    version: 'v1alpha2',
    kind: 'SharedVolume',
    plural: 'sharedvolumes',
    namespaced: true,
    spec: object({ prettyName: text, size: quantity }),
    status: object({ phase: text }),
  },
  {
    version: 'v1alpha1',
    kind: 'ImageList',
    plural: 'imagelists',
    namespaced: false,
    spec: object({ registryName: text, images: list(object({ name: text, versions: list(text) })) }),
  },
];

const schemaName = ({ version, kind }: KindShape) => `it.polito.crownlabs.${version}.${kind}`;
const pointer = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** The documents of the group, by version. */
export function fakeDescription(): Record<string, object> {
  const versions = ['v1alpha1', 'v1alpha2'];
  return Object.fromEntries(
    versions.map((version) => [`apis/${GROUP}/${version}`, document(KINDS.filter((kind) => kind.version === version))]),
  );
}

function document(kinds: readonly KindShape[]): object {
  const schemas: Record<string, object> = {
    [`${META}.ObjectMeta`]: object({
      name: text,
      namespace: text,
      generateName: text,
      uid: text,
      resourceVersion: text,
      creationTimestamp: { type: 'string', format: 'date-time' },
      labels: map,
      annotations: map,
    }),
    [`${META}.ListMeta`]: object({ continue: text, resourceVersion: text }),
    [`${META}.Status`]: object({ kind: text, status: text, message: text, code: { type: 'integer', format: 'int32' } }),
  };
  const paths: Record<string, object> = {};
  for (const kind of kinds) {
    const metadata = { allOf: [pointer(`${META}.ObjectMeta`)], default: {} };
    const status = kind.status ? { status: kind.status } : {};
    schemas[schemaName(kind)] = object({ apiVersion: text, kind: text, metadata, spec: kind.spec, ...status });
    schemas[`${schemaName(kind)}List`] = object({
      apiVersion: text,
      kind: text,
      metadata: pointer(`${META}.ListMeta`),
      items: list(pointer(schemaName(kind))),
    });
    Object.assign(paths, pathsOf(kind));
  }
  return { openapi: '3.0.0', paths, components: { schemas } };
}

function pathsOf(kind: KindShape): Record<string, object> {
  const base = `/apis/${GROUP}/${kind.version}`;
  const collection = kind.namespaced ? `${base}/namespaces/{namespace}/${kind.plural}` : `${base}/${kind.plural}`;
  const scope = kind.namespaced ? 'Namespaced' : '';
  const id = (verb: string, rest = `${scope}${kind.kind}`) => `${verb}CrownlabsPolitoIt${kind.version.replace('v', 'V')}${rest}`;
  const gvk = { group: GROUP, version: kind.version, kind: kind.kind };
  const query = (...names: string[]) =>
    names.map((name) => ({ name, in: 'query', schema: { type: name === 'force' ? 'boolean' : 'string' } }));
  const operation = (operationId: string, action: string, result: string, parameters: object[] = []) => ({
    operationId,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
    parameters,
    responses: { 200: { description: 'OK', content: { 'application/json': { schema: pointer(result) } } } },
  });
  const one = schemaName(kind);
  const paths: Record<string, object> = {
    [collection]: {
      get: operation(id('list'), 'list', `${one}List`, query('labelSelector', 'fieldSelector', 'continue')),
      post: operation(id('create'), 'post', one, query('fieldManager', 'dryRun')),
      delete: operation(id('delete', `Collection${scope}${kind.kind}`), 'deletecollection', `${META}.Status`, query('labelSelector')),
    },
    [`${collection}/{name}`]: {
      get: operation(id('read'), 'get', one),
      put: operation(id('replace'), 'put', one, query('fieldManager')),
      patch: operation(id('patch'), 'patch', one, query('fieldManager', 'force')),
      delete: operation(id('delete'), 'delete', `${META}.Status`),
    },
  };
  if (kind.namespaced) {
    const all = operation(id('list', `${kind.kind}ForAllNamespaces`), 'list', `${one}List`, query('labelSelector', 'continue'));
    paths[`${base}/${kind.plural}`] = { get: all };
  }
  return paths;
}
