import { expect, test } from 'vitest';
import { chosenControllers, KUBE_CONTROLLERS } from './names.ts';

test('without a word all run, and * says the same', () => {
  expect(chosenControllers([])).toEqual(KUBE_CONTROLLERS);
  expect(chosenControllers(['*'])).toEqual(KUBE_CONTROLLERS);
  expect(chosenControllers(['-*'])).toEqual([]);
});

test('what is named runs alone, in whichever way of Kubernetes it is written', () => {
  expect(chosenControllers(['garbagecollector', 'namespace'])).toEqual(['garbage-collector-controller', 'namespace-controller']);
  expect(chosenControllers(['-*', 'deployment-controller', 'replicaset', 'root-ca-certificate-publisher'])).toEqual([
    'root-ca-certificate-publisher-controller',
    'deployment-controller',
    'replicaset-controller',
  ]);
  expect(
    chosenControllers(['endpoint', 'endpointslice', 'clusterrole-aggregation', 'persistentvolume-binder', 'ttl-after-finished']),
  ).toHaveLength(5);
});

test('what is left out does not run, and the first word about one counts', () => {
  const all = chosenControllers(['*', '-job', '-scheduler']);
  expect(all).not.toContain('job-controller');
  expect(all).toHaveLength(KUBE_CONTROLLERS.length - 2);
  expect(chosenControllers(['-job', '*', 'job'])).not.toContain('job-controller');
});

test('an unknown name is an error that lists the known ones', () => {
  expect(() => chosenControllers(['*', '-nodeipam'])).toThrow(
    /There is no controller nodeipam\. There are clusterrole-aggregation-controller, .*event-expiry\./,
  );
});
