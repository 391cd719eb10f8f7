import type { Finding } from '../../conditions.ts';
import type { EnvironmentFacts } from '../facts.ts';

/** What a machine says of itself that its owner is told as it is: whether the processor runs it, and whether it went on from a memory. */
const TOLD = ['Accelerated', 'InstantStart'];

/** What the machines of an instance say of themselves. Of several, the first that says no. */
export function toldByMachines(environments: readonly EnvironmentFacts[]): Finding[] {
  const said = environments.flatMap(({ machine }) => machine?.guest?.status?.conditions ?? []);
  return TOLD.flatMap((type) => {
    const [found] = said.filter((it) => it.type === type).toSorted((a, b) => (a.status < b.status ? -1 : 1));
    if (!found) return [];
    const { status, reason = type, message = '' } = found;
    return [{ type, status: status === 'True' ? ('True' as const) : ('False' as const), reason, message }];
  });
}
