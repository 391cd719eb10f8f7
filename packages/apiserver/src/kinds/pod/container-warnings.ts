import type { JsonObject } from '../../json.ts';
import { numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { fractions } from './fraction-warnings.ts';

interface Placed {
  readonly container: JsonObject;
  readonly at: string;
}

/** What is taken from the containers of a pod, but hardly meant so. */
export function containerWarnings(spec: JsonObject, annotations: Readonly<Record<string, string>>, at: string): string[] {
  const all = ['initContainers', 'containers'].flatMap((list) =>
    objectsAt(spec, list).map((container, index): Placed => ({ container, at: `${at}spec.${list}[${index}]` })),
  );
  return [
    ...all.flatMap((one) => [
      ...annotationWarnings(one.container, annotations, { spec, at }),
      ...amountWarnings(one),
      ...variableWarnings(one),
    ]),
    ...portWarnings(all),
    ...portNameWarnings(all),
  ];
}

function annotationWarnings(
  container: JsonObject,
  annotations: Readonly<Record<string, string>>,
  { spec, at }: { spec: JsonObject; at: string },
): string[] {
  const told = (key: string, field: string, since: string) =>
    annotations[key] === undefined || objectAt(container, 'securityContext', field)
      ? []
      : [`${at}metadata.annotations[${key}]: ${since}; use the "${field}" field instead`];
  const name = textAt(container, 'name');
  return [
    ...told(`container.seccomp.security.alpha.kubernetes.io/${name}`, 'seccompProfile', 'non-functional in v1.27+'),
    ...(objectAt(spec, 'securityContext', 'appArmorProfile')
      ? []
      : told(`container.apparmor.security.beta.kubernetes.io/${name}`, 'appArmorProfile', 'deprecated since v1.30')),
  ];
}

function amountWarnings({ container, at }: Placed): string[] {
  return ['memory', 'ephemeral-storage'].flatMap((name) =>
    ['limits', 'requests'].flatMap((kind) => fractions(objectAt(container, 'resources', kind), `${at}.resources.${kind}`, [name])),
  );
}

/** A variable that is said again without building on what it was. */
function variableWarnings({ container, at }: Placed): string[] {
  const seen = new Set<string>();
  const warnings: string[] = [];
  for (const [index, variable] of objectsAt(container, 'env').entries()) {
    const name = textAt(variable, 'name');
    const value = textAt(variable, 'value');
    const before = `$(${name})`;
    if (seen.has(name) && (variable['valueFrom'] !== undefined || value === before || !value.includes(before)))
      warnings.push(`${at}.env[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`);
    seen.add(name);
  }
  return warnings;
}

interface Port {
  readonly at: string;
  readonly hostIP: string;
  readonly hostPort: number;
}

function portWarnings(all: readonly Placed[]): string[] {
  const known = new Map<string, Port[]>();
  const warnings: string[] = [];
  for (const { container, at } of all) {
    for (const [index, port] of objectsAt(container, 'ports').entries()) {
      const key = `${numberAt(port, 'containerPort') ?? 0}/${textAt(port, 'protocol')}`;
      const one = { at: `${at}.ports[${index}]`, hostIP: textAt(port, 'hostIP'), hostPort: numberAt(port, 'hostPort') ?? 0 };
      const others = known.get(key) ?? [];
      warnings.push(...others.flatMap((other) => clashText(one, other)));
      known.set(key, [...others, one]);
    }
  }
  return warnings;
}

function clashText(one: Port, other: Port): string[] {
  const how = clash(one, other);
  return how === undefined ? [] : [`${one.at}: ${how} port definition with ${other.at}`];
}

function clash(one: Port, other: Port): string | undefined {
  if (one.hostIP === other.hostIP && one.hostPort === other.hostPort) return 'duplicate';
  if (one.hostPort === 0 || other.hostPort === 0) return 'overlapping';
  return one.hostPort === other.hostPort && (one.hostIP === '') !== (other.hostIP === '') ? 'dangerously ambiguous' : undefined;
}

function portNameWarnings(all: readonly Placed[]): string[] {
  const first = new Map<string, string>();
  const warnings: string[] = [];
  for (const { container, at } of all) {
    for (const [index, port] of objectsAt(container, 'ports').entries()) {
      const name = textAt(port, 'name');
      const other = first.get(name);
      if (name === '') continue;
      if (other === undefined) first.set(name, `${at}.ports[${index}]`);
      else
        warnings.push(
          `${at}.ports[${index}]: duplicate port name ${JSON.stringify(name)} with ${other}, services and probes that select ports by name will use ${other}`,
        );
    }
  }
  return warnings;
}
