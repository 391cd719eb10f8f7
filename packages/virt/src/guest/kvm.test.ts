import { expect, test } from 'vitest';
import { probeKvm } from './kvm.ts';

test('a device that opens and runs no guest is not trusted, nor one whose guest never comes back', async () => {
  expect(await probeKvm(['echo', 'runs'])).toEqual({ runs: true, found: 'the processor runs guests itself' });
  expect(await probeKvm(['echo', 'failed: exit 8'])).toMatchObject({ runs: false, found: expect.stringContaining('exit 8') });
  expect(await probeKvm(['echo', 'refused: No such file or directory'])).toEqual({ runs: false, found: 'there is no /dev/kvm' });
  expect(await probeKvm(['sleep', '60'], 100)).toMatchObject({ runs: false, found: expect.stringContaining('hangs') });
  expect(await probeKvm(['/no/such/program'])).toMatchObject({ runs: false, found: expect.stringContaining('could not be found out') });
});

test('the probe of this machine comes to an end and says something', async () => {
  expect((await probeKvm()).found).not.toBe('');
});
