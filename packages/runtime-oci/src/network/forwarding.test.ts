import { expect, test } from 'vitest';
import { closeForwarding, openForwarding } from './forwarding.ts';

/** A host whose iptables are a list of rules. */
function host(rules: string[]) {
  const run = (argv: readonly string[]) => {
    const [program, , action, chain, ...rest] = argv;
    const rule = `-A ${chain} ${rest.join(' ')}`;
    if (program !== 'iptables') return Promise.resolve('');
    if (action === '-S') return Promise.resolve(rules.join('\n'));
    if (action === '-C') return rules.includes(rule) ? Promise.resolve('') : Promise.reject(new Error('no such rule'));
    if (action === '-I') rules.push(rule);
    if (action === '-D') rules.splice(rules.indexOf(rule), 1);
    return Promise.resolve('');
  };
  return { rules, run };
}

test('where the host drops forwarded packets, those of tenants pass, once, and not any more afterwards', async () => {
  const { rules, run } = host(['-P FORWARD DROP', '-N DOCKER-USER']);
  await openForwarding(run, 'clabcdef');
  await openForwarding(run, 'clabcdef');
  expect(rules.slice(2)).toEqual([
    '-A DOCKER-USER -i clabcdef+ -j ACCEPT',
    '-A DOCKER-USER -o clabcdef+ -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT',
  ]);
  await closeForwarding(run, 'clabcdef');
  expect(rules).toEqual(['-P FORWARD DROP', '-N DOCKER-USER']);
});

test('where packets pass by default nothing is added', async () => {
  const { rules, run } = host(['-P FORWARD ACCEPT']);
  await openForwarding(run, 'clabcdef');
  expect(rules).toEqual(['-P FORWARD ACCEPT']);
});
