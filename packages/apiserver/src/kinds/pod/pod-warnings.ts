import type { JsonObject } from '../../json.ts';
import { mapAt, numberAt, objectAt, objectsAt, textAt } from '../../json-read.ts';
import { containerWarnings } from './container-warnings.ts';
import { fractions } from './fraction-warnings.ts';

/** Labels of nodes that have another name by now. */
const RENAMED_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
};

const OLD_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

/** Sources of volumes that nothing provides any more: the field, as it is told, and since when. */
const OLD_VOLUMES: readonly (readonly [field: string, told: string, since: string])[] = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

const NO_POD = 'a null labelSelector results in matching no pod';
const SECCOMP = 'seccomp.security.alpha.kubernetes.io/pod';

/** What is taken from a pod, or a template of pods at `at` (`''`, or with a dot at its end), but hardly meant so. */
export function podWarnings(pod: JsonObject | undefined, at = ''): string[] {
  const spec = objectAt(pod, 'spec');
  if (!spec) return [];
  const annotations = mapAt(pod, 'metadata', 'annotations');
  const place = `${at}spec`;
  return [
    ...selectorWarnings(spec, place),
    ...spreadWarnings(spec, place),
    ...Object.keys(OLD_ANNOTATIONS)
      .filter((key) => annotations[key] !== undefined)
      .map((key) => `${at}metadata.annotations[${key}]: ${OLD_ANNOTATIONS[key]}`),
    ...objectsAt(spec, 'volumes').flatMap((volume, index) => volumeWarnings(volume, `${place}.volumes[${index}]`)),
    ...repeated(spec, { list: 'hostAliases', field: 'ip', at: place }),
    ...repeated(spec, { list: 'imagePullSecrets', field: 'name', at: place }),
    ...emptySecrets(spec, place),
    ...fractions(objectAt(spec, 'overhead'), `${place}.overhead`),
    ...(annotations[SECCOMP] !== undefined && !objectAt(spec, 'securityContext', 'seccompProfile')
      ? [`${at}metadata.annotations[${SECCOMP}]: non-functional in v1.27+; use the "seccompProfile" field instead`]
      : []),
    ...containerWarnings(spec, annotations, at),
    ...((numberAt(spec, 'terminationGracePeriodSeconds') ?? 0) < 0
      ? [`${place}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...affinityWarnings(spec, place),
  ];
}

function selectorWarnings(spec: JsonObject, at: string): string[] {
  const selected = Object.keys(mapAt(spec, 'nodeSelector')).filter((key) => RENAMED_LABELS[key] !== undefined);
  const affinity = objectAt(spec, 'affinity', 'nodeAffinity');
  const [hard, soft] = ['requiredDuringSchedulingIgnoredDuringExecution', 'preferredDuringSchedulingIgnoredDuringExecution'] as const;
  const below = `${at}.affinity.nodeAffinity`;
  return [
    ...selected.map((key) => `${at}.nodeSelector[${key}]: ${RENAMED_LABELS[key]}`),
    ...objectsAt(affinity, hard, 'nodeSelectorTerms').flatMap((term, index) =>
      termWarnings(term, `${below}.${hard}.nodeSelectorTerms[${index}]`),
    ),
    ...objectsAt(affinity, soft).flatMap((one, index) =>
      termWarnings(objectAt(one, 'preference'), `${below}.${soft}[${index}].preference`),
    ),
  ];
}

function termWarnings(term: JsonObject | undefined, at: string): string[] {
  return objectsAt(term, 'matchExpressions').flatMap((one, index) => {
    const key = textAt(one, 'key');
    const renamed = RENAMED_LABELS[key];
    return renamed === undefined ? [] : [`${at}.matchExpressions[${index}].key: ${key} is ${renamed}`];
  });
}

function spreadWarnings(spec: JsonObject, at: string): string[] {
  return objectsAt(spec, 'topologySpreadConstraints').flatMap((one, index) => {
    const place = `${at}.topologySpreadConstraints[${index}]`;
    const key = textAt(one, 'topologyKey');
    const renamed = RENAMED_LABELS[key];
    return [
      ...(renamed === undefined ? [] : [`${place}.topologyKey: ${key} is ${renamed}`]),
      ...(objectAt(one, 'labelSelector') ? [] : [`${place}.labelSelector: ${NO_POD}`]),
    ];
  });
}

function volumeWarnings(volume: JsonObject, at: string): string[] {
  const claim = objectAt(volume, 'ephemeral', 'volumeClaimTemplate', 'spec', 'resources', 'requests');
  return [
    ...OLD_VOLUMES.filter(([field]) => volume[field] !== undefined).map(([, told, since]) => `${at}.${told}: ${since}`),
    ...fractions(claim, `${at}.ephemeral.volumeClaimTemplate.spec.resources.requests`, ['storage']),
  ];
}

function repeated(spec: JsonObject, { list, field, at }: { list: string; field: string; at: string }): string[] {
  const values = objectsAt(spec, list).map((one) => textAt(one, field));
  return values.flatMap((value, index) =>
    values.indexOf(value) < index ? [`${at}.${list}[${index}].${field}: duplicate ${field} ${JSON.stringify(value)}`] : [],
  );
}

function emptySecrets(spec: JsonObject, at: string): string[] {
  return objectsAt(spec, 'imagePullSecrets').flatMap((one, index) =>
    textAt(one, 'name') === '' ? [`${at}.imagePullSecrets[${index}].name: invalid empty name ""`] : [],
  );
}

function affinityWarnings(spec: JsonObject, at: string): string[] {
  return ['podAffinity', 'podAntiAffinity'].flatMap((kind) => {
    const affinity = objectAt(spec, 'affinity', kind);
    const place = `${at}.affinity.${kind}`;
    const hard = objectsAt(affinity, 'requiredDuringSchedulingIgnoredDuringExecution');
    const soft = objectsAt(affinity, 'preferredDuringSchedulingIgnoredDuringExecution');
    return [
      ...hard.flatMap((term, index) =>
        objectAt(term, 'labelSelector')
          ? []
          : [`${place}.requiredDuringSchedulingIgnoredDuringExecution[${index}].labelSelector: ${NO_POD}`],
      ),
      ...soft.flatMap((one, index) =>
        objectAt(one, 'podAffinityTerm', 'labelSelector')
          ? []
          : [`${place}.preferredDuringSchedulingIgnoredDuringExecution[${index}].podAffinityTerm.labelSelector: ${NO_POD}`],
      ),
    ];
  });
}
