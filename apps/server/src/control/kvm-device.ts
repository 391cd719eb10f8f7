import { stat } from 'node:fs/promises';
import type { NodeDevice } from '@crownlabs/agent';
import { KVM_RESOURCE, probeKvm } from '@crownlabs/virt';

const PATH = '/dev/kvm';
/** A guest that runs at all says so within a hundredth of a second, and nobody is to wait for one that does not. */
const PATIENCE_MS = 1_500;
/** As many machines as there is memory for. */
const COUNT = 1_000;

/** The device by which pods run guests on the processor itself, where a guest was seen to run. */
export async function kvmDevice(probe = () => probeKvm(undefined, PATIENCE_MS), path = PATH): Promise<NodeDevice | undefined> {
  const { runs } = await probe();
  if (!runs) return undefined;
  const { gid } = await stat(path);
  return { resource: KVM_RESOURCE, path, group: gid, count: COUNT };
}
