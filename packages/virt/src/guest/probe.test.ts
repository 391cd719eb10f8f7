import { expect, test } from 'vitest';
import { guestProbe } from './probe.ts';

test('a guest is asked in fewer and longer questions than was wished, and for no longer', () => {
  const wished = { tcpSocket: { port: 22 }, periodSeconds: 1, failureThreshold: 30, successThreshold: 1 };
  expect(guestProbe(wished)).toEqual({
    exec: { command: ['/usr/lib/crownlabs/answers', 'tcp', '22'] },
    periodSeconds: 5,
    timeoutSeconds: 10,
    failureThreshold: 3,
    successThreshold: 1,
  });
  expect(guestProbe({ ...wished, periodSeconds: 60, failureThreshold: 2 })).toMatchObject({ periodSeconds: 60, failureThreshold: 2 });
});
