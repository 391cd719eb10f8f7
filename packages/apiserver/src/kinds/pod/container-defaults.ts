import { isObject, type JsonObject } from '../../json.ts';
import { objectAt, objectsAt, textAt } from '../../json-read.ts';
import { fill } from '../fill.ts';

/** How images may be called; of what is called otherwise nothing is known. */
const IMAGE =
  /^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?\/)?[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$/;

/** The tag decides whether an image is pulled again: `latest`, said or meant, always is. */
function pullPolicyOf(image: string): string {
  if (!IMAGE.test(image) || /^[a-f0-9]{64}$/.test(image)) return 'IfNotPresent';
  if (image.includes('@')) return 'IfNotPresent';
  const tag = /:([^:/]+)$/.exec(image)?.[1] ?? 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

/** Defaults of one container, in place. */
export function defaultContainer(container: JsonObject): void {
  fill(container, { imagePullPolicy: pullPolicyOf(textAt(container, 'image')) });
  fill(container, { terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' });
  for (const port of objectsAt(container, 'ports')) fill(port, { protocol: 'TCP' });
  for (const env of objectsAt(container, 'env')) defaultFieldRef(objectAt(env, 'valueFrom'));
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) defaultProbe(objectAt(container, probe));
  for (const hook of ['postStart', 'preStop']) defaultHttpGet(objectAt(container, 'lifecycle', hook, 'httpGet'));
}

/** Version of what a downward reference points into. */
export function defaultFieldRef(holder: JsonObject | undefined): void {
  const ref = objectAt(holder, 'fieldRef');
  if (ref) fill(ref, { apiVersion: 'v1' });
}

function defaultProbe(probe: JsonObject | undefined): void {
  if (!probe) return;
  fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  defaultHttpGet(objectAt(probe, 'httpGet'));
  const grpc = probe['grpc'];
  if (isObject(grpc) && typeof grpc['service'] !== 'string') grpc['service'] = '';
}

function defaultHttpGet(get: JsonObject | undefined): void {
  if (get) fill(get, { path: '/', scheme: 'HTTP' });
}
