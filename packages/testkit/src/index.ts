export { eventually } from './eventually.ts';
export { environment, instance, template, tenant, workspace } from './factories.ts';
export { type FakeNode, startFakeNode } from './fake-node.ts';
export { installMachineKinds, installRouteKind } from './machine-kinds.ts';
export { startTestLab, type TestLab, type TestLabOptions } from './test-lab.ts';
