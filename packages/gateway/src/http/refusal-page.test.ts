import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { refusalPage } from './refusal-page.ts';

async function pageOf(status: number, message: string): Promise<{ headers: Headers; text: string }> {
  const server = createServer((_, response) => refusalPage(response, 'http://lab.example', { status, message }));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const answer = await fetch(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/`);
  const text = await answer.text();
  server.close();
  return { headers: answer.headers, text };
}

test('a page that may come later says why, looks again without loading anew, and allows its own script alone', async () => {
  const { headers, text } = await pageOf(502, 'Nothing <answers> yet.');
  expect(text).toContain('Nothing &#60;answers&#62; yet. This page looks again by itself.');
  expect(text).not.toContain('http-equiv');
  const script = /<script>(.*)<\/script>/.exec(text)?.[1] ?? '';
  const hash = createHash('sha256').update(script).digest('base64');
  expect(headers.get('content-security-policy')).toContain(`script-src 'sha256-${hash}'`);
});

test('a page that will not come has no script', async () => {
  const { headers, text } = await pageOf(403, 'Not yours.');
  expect(text).not.toContain('<script');
  expect(headers.get('content-security-policy')).not.toContain('script-src');
});
