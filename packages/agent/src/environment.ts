import { LabError } from '@crownlabs/std';
import type { EnvVarSource } from 'kubernetes-types/core/v1.js';
import { type NodeAmounts, resourceField } from './amounts.ts';
import { type FieldContext, podField } from './fields.ts';
import { type Container, initContainersOf, type Pod, specOf } from './pod.ts';
import { type References, required } from './references.ts';

/** What environment variables may refer to. */
export interface EnvContext extends FieldContext {
  readonly pod: Pod;
  readonly node: NodeAmounts;
  readonly references: References;
}

/** The container's variables with every reference resolved, in their order; later ones win and may use earlier ones as `$(NAME)`. */
export async function resolveEnv(container: Container, context: EnvContext): Promise<ReadonlyMap<string, string>> {
  const resolved = new Map<string, string>();
  for (const source of container.envFrom ?? []) await importAll(source, context, resolved);
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom ? await fromSource(variable.valueFrom, container, context) : expand(variable.value ?? '', resolved);
    if (value !== undefined) resolved.set(variable.name, value);
  }
  return resolved;
}

async function importAll(
  { prefix = '', secretRef, configMapRef }: NonNullable<Container['envFrom']>[number],
  { references }: EnvContext,
  into: Map<string, string>,
): Promise<void> {
  const name = (secretRef ?? configMapRef)?.name ?? '';
  const content = secretRef
    ? required(await references.secret(name), { kind: 'secret', name, optional: secretRef.optional })
    : required(await references.configMap(name), { kind: 'configmap', name, optional: configMapRef?.optional });
  for (const [key, value] of content) into.set(prefix + key, value.toString());
}

async function fromSource(source: EnvVarSource, container: Container, context: EnvContext): Promise<string | undefined> {
  const { fieldRef, resourceFieldRef, secretKeyRef, configMapKeyRef } = source;
  if (fieldRef) return podField(context.pod, fieldRef.fieldPath, context);
  if (resourceFieldRef) {
    const named = resourceFieldRef.containerName;
    const all = [...specOf(context.pod).containers, ...initContainersOf(context.pod)];
    const of = named ? all.find(({ name }) => name === named) : container;
    return resourceField(of ?? container, resourceFieldRef.resource, divisorText(resourceFieldRef.divisor), context.node);
  }
  if (secretKeyRef) return keyOf(await context.references.secret(secretKeyRef.name ?? ''), 'secret', secretKeyRef);
  if (configMapKeyRef) return keyOf(await context.references.configMap(configMapKeyRef.name ?? ''), 'configmap', configMapKeyRef);
  return undefined;
}

/** `0` is what the API writes for "as it is". */
function divisorText(divisor: unknown): string | undefined {
  const text = typeof divisor === 'string' || typeof divisor === 'number' ? String(divisor) : '';
  return text === '' || text === '0' ? undefined : text;
}

function keyOf(
  content: ReadonlyMap<string, Buffer> | undefined,
  kind: 'secret' | 'configmap',
  { name = '', key, optional }: { name?: string; key: string; optional?: boolean },
): string | undefined {
  const value = required(content, { kind, name, optional }).get(key);
  if (value === undefined && !optional) throw new LabError('NotFound', `couldn't find key ${key} in ${kind} "${name}"`);
  return value?.toString();
}

/** Replaces `$(NAME)` by known variables; `$$` is a literal dollar. https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/ */
export function expand(text: string, known: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g, (whole, name: string | undefined) => {
    if (whole === '$$') return '$';
    return known.get(name ?? '') ?? whole;
  });
}
