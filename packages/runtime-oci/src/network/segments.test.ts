import { expect, test } from 'vitest';
import { names } from '../names.ts';
import { Segments } from './segments.ts';

const HUB = 'crownlabs-0123ab';

/** A host whose `ip` and `nft` remember what they were told, and find these links in the segments' network namespace. */
function host(links?: readonly { ifname: string; ifalias?: string; master?: string }[], fails = (_line: string) => false) {
  const done: string[] = [];
  const run = (argv: readonly string[], input = '') => {
    const line = `${argv.join(' ')} ${input}`;
    done.push(line);
    if (fails(line)) return Promise.reject(new Error('RTNETLINK answers: no'));
    if (!argv.includes('-j')) return Promise.resolve('');
    return links ? Promise.resolve(JSON.stringify(links)) : Promise.reject(new Error('nsenter: cannot open: No such file or directory'));
  };
  const told = (text: string) => done.filter((line) => line.includes(text));
  return { done, told, segments: new Segments({ run, names: names('0123abcd-0000-4000-8000-000000000000') }) };
}

const pod = (podUid: string) => ({ podUid, sandboxId: `box-of-${podUid}`, pid: 7 });
const place = (segment: string, device = 'net1') => ({ segment, device, owner: 1010 });

test('a segment is made with its first pod and removed with its last, and what they are in with the last segment', async () => {
  const { segments, done, told } = host();
  await segments.plug(pod('a'), [place('lan'), place('lan', 'net2'), place('dmz', 'net3')]);
  await segments.plug(pod('b'), [place('lan')]);
  expect(told('link add name lan type bridge')).toHaveLength(1);
  expect(told(`netns add ${HUB}`)).toHaveLength(1);
  await segments.release('a');
  expect(told('link del dev dmz')).toHaveLength(1);
  expect(told('link del dev lan')).toHaveLength(0);
  await segments.release('b');
  expect(done.at(-1)).toContain(`netns del ${HUB}`);
});

test('a pod that is on no segment costs nothing', async () => {
  const { segments, done } = host();
  await segments.release('a');
  expect(done).toEqual([]);
});

test('what an earlier process left is taken over; what nobody is on, or was being made, is removed', async () => {
  const { segments, told } = host([
    { ifname: 'lo' },
    { ifname: 'lan' },
    { ifname: 'empty' },
    { ifname: 'port+aaaaaa', ifalias: 'a:box', master: 'lan' },
    { ifname: 'port+bbbbbb' },
  ]);
  expect(await segments.adopt()).toMatchObject([{ podUid: 'a', sandboxId: 'box' }]);
  expect(told('link del dev').map((line) => line.trim().split(' ').at(-1))).toEqual(['empty', 'port+bbbbbb']);
  await segments.plug(pod('b'), [place('lan')]);
  expect(told('type bridge')).toEqual([]);
  await segments.release('a');
  expect(told('link del dev port+aaaaaa')).toHaveLength(1);
});

test('where nobody is on a segment nothing is kept, and a file that a switched-off machine left is no reason to fail', async () => {
  const { segments, told } = host([{ ifname: 'lo' }, { ifname: 'lan' }]);
  expect(await segments.adopt()).toEqual([]);
  expect(told(`netns del ${HUB}`)).toHaveLength(1);
  expect(await host().segments.adopt()).toEqual([]);
});

test('frames are handed over before anything in the pod is up', async () => {
  const { segments, done } = host();
  await segments.plug(pod('a'), [place('lan')]);
  const handover = done.findIndex((line) => line.startsWith('nsenter -t 7 -n nft'));
  expect(done[handover]).toMatch(/device "net1" priority 0; policy drop;\s+fwd to "wire\+0"/);
  expect(done[handover]).toMatch(/device "wire\+0" priority 0; policy drop;\s+fwd to "net1"/);
  const up = done.findIndex((line) => line.includes('-t 7') && line.includes(' up'));
  expect(up).toBeGreaterThan(handover);
});

test('a pod that could not be plugged in leaves nothing once it is released', async () => {
  const { segments, done } = host(undefined, (line) => line.includes('tuntap'));
  await expect(segments.plug(pod('a'), [place('lan')])).rejects.toThrow('no');
  await segments.release('a');
  expect(done.at(-1)).toContain(`netns del ${HUB}`);
});
