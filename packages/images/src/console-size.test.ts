import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const RESIZE = fileURLToPath(new URL('../../../images/machine/files/usr/local/bin/resize', import.meta.url));
const QUESTION = '\u001b[6n';

/** What is said on a line of unknown size where `resize` runs, and whoever looks on answers its question so. */
async function saidOnLine(answers: readonly string[]): Promise<string> {
  const command = `stty rows 0 cols 0; sh ${RESIZE}; echo "code $?"; stty size; stty -a | grep -ow -e -echo -e -icanon || echo as before`;
  const line = spawn('/usr/bin/script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
  let said = '';
  for await (const chunk of line.stdout) {
    const before = said.includes(QUESTION);
    said += String(chunk);
    if (!before && said.includes(QUESTION)) for (const answer of answers) line.stdin.write(answer);
  }
  return said;
}

test('a serial line learns how large the window at its other end is, and one that nobody looks at waits no longer than two seconds', async () => {
  const [asked, shared, silent] = await Promise.all([
    saidOnLine(['\u001b[40;132R']),
    saidOnLine(['\u001b[40;132R', '\u001b[24;80R']),
    saidOnLine([]),
  ]);
  for (const said of [asked, shared]) {
    expect(said).toMatch(/code 0\s+40 132\s+as before/);
    // Nobody sees what was asked and answered.
    expect(said).not.toContain('R');
  }
  expect(silent).toMatch(/code 1\s+0 0\s+as before/);
});
