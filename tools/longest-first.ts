import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Test files that take longest, or must wait longest for what others make. The rest comes in the order that Vitest finds. */
const LONGEST = [
  'packages/testkit/src/convergence',
  'packages/apiserver/tests/crash',
  'packages/store/tests/crash',
  'packages/apiserver/tests/kubectl/kubectl',
  'packages/apiserver/tests/oracle/replay',
  'packages/runtime-oci/src/oci-runtime',
  'packages/testkit/src/cleanup',
  // Waits for the last of the images, so that those after it find a machine that builds nothing.
  'e2e/virtual-machines',
  // Needs no image of ours, and so gives those that are built beside the tests another minute.
  'e2e/keycloak/keycloak',
  'e2e/accessibility',
  'e2e/wrong-things',
  'e2e/neighbours',
  'e2e/resilience',
];

/** Lets the longest files begin first, so that no worker is still busy with one when the others have nothing left to do. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- not an array's
    return (await super.sort(files)).toSorted((a, b) => rank(a.moduleId) - rank(b.moduleId));
  }
}

function rank(file: string): number {
  const place = LONGEST.findIndex((name) => file.endsWith(`/${name}.test.ts`));
  return place === -1 ? LONGEST.length : place;
}
