export { endJob } from './end-job.ts';
export { eventually } from './eventually.ts';
export { environment, instance, template, tenant, workspace } from './factories.ts';
export { type FakeNode, startFakeNode } from './fake-node.ts';
export { type FaultOptions, faultyTransport } from './faulty-transport.ts';
export { installMachineKinds, installRouteKind, installSnapshotKinds } from './machine-kinds.ts';
export { type MailServer, startMailServer } from './mail-server.ts';
export { movingClock } from './moving-clock.ts';
export { startTestLab, type TestLab, type TestLabOptions } from './test-lab.ts';
