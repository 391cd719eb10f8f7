import { type Caller, kubectl, must } from './kubectl.ts';

/** An Instance of a demo template, as its owner would apply it. */
export function instanceOf(tenant: string, template: string, name: string) {
  return {
    apiVersion: 'crownlabs.polito.it/v1alpha2',
    kind: 'Instance',
    metadata: { name, namespace: `tenant-${tenant}` },
    spec: {
      'template.crownlabs.polito.it/TemplateRef': { name: template, namespace: 'workspace-netgroup' },
      'tenant.crownlabs.polito.it/TenantRef': { name: tenant },
    },
  };
}

const IMAGE_TURNS = 20;

/** Waits until images are there. On a machine that has none they are built now, which takes minutes: longer than any one command may take. */
export async function imagesReady(lab: Caller, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    // kubectl waits for the creation of one object at a time only.
    await must(lab, ['wait', '--for=create', `imagebuild/${name}`, '--timeout=60s']);
    const ready = ['wait', `imagebuild/${name}`, '--for=jsonpath={.status.phase}=Ready', '--timeout=60s'];
    for (let turn = 1; turn < IMAGE_TURNS && (await kubectl(lab, ready)).code !== 0; turn += 1) await mustNotFail(lab, name);
    await must(lab, ready);
  }
}

async function mustNotFail(lab: Caller, image: string): Promise<void> {
  const said = await must(lab, ['get', 'imagebuild', image, '-o', 'jsonpath={.status.phase}: {.status.message}']);
  if (said.startsWith('Failed')) throw new Error(`the image ${image}: ${said}`);
}

/** Applies an object once its namespace is there. */
export async function apply(
  lab: Caller,
  object: { readonly kind: string; readonly metadata: { readonly namespace: string }; readonly spec: object },
): Promise<void> {
  await must(lab, ['wait', '--for=create', `namespace/${object.metadata.namespace}`, '--timeout=30s']);
  await must(lab, ['apply', '-f', '-'], object);
}

/** Waits until an instance is Ready. */
export async function instanceReady(lab: Caller, tenant: string, name: string): Promise<void> {
  await must(lab, ['wait', '-n', `tenant-${tenant}`, `instance/${name}`, '--for=jsonpath={.status.phase}=Ready', '--timeout=90s']);
}
