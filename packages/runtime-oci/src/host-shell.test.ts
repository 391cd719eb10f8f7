import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HostShell } from './host-shell.ts';

describe('a shell that stays', () => {
  let shell: HostShell;
  beforeEach(() => void (shell = new HostShell()));
  afterEach(() => shell.close());

  test('gives a program its words and its input as they are', async () => {
    expect(await shell.run(['printf', '%s|', "it's", '$HOME `id`', ''])).toBe("it's|$HOME `id`||");
    expect(await shell.run(['cat'], 'one $HOME\n\ttwo\\')).toBe('one $HOME\n\ttwo\\\n');
    expect(await shell.run(['cat'])).toBe('');
  });

  test('answers each of many callers, with much text and with none', async () => {
    const numbers = shell.run(['seq', '200000']);
    const nothing = shell.run(['true']);
    const word = shell.run(['printf', 'last']);
    expect((await numbers).split('\n')).toHaveLength(200_001);
    expect([await nothing, await word]).toEqual(['', 'last']);
  });

  test('says what a program said when it failed, and goes on', async () => {
    await expect(shell.run(['sh', '-c', 'echo why it failed >&2; exit 3'])).rejects.toThrow('why it failed');
    await expect(shell.run(['false'])).rejects.toThrow('false: ended with 1');
    expect(await shell.run(['echo', 'on'])).toBe('on\n');
  });

  test('says that a program is not installed', async () => {
    await expect(shell.run(['no-such-program', 'x'])).rejects.toThrow('The program no-such-program is not installed.');
  });

  test('ends a program that hangs, and runs the next', async () => {
    const impatient = new HostShell(100);
    const hung = impatient.run(['sh', '-c', 'sleep 300.125']);
    const next = impatient.run(['echo', 'next']);
    await expect(hung).rejects.toThrow('it was ended before it had answered');
    expect(await next).toBe('next\n');
    await impatient.close();
    await expect(shell.run(['pgrep', '-fx', 'sleep 300.125'])).rejects.toThrow('ended with 1');
  });

  test('is replaced when somebody ends it', async () => {
    const pid = (await shell.run(['sh', '-c', 'echo $PPID'])).trim();
    const cut = shell.run(['sleep', '60']);
    process.kill(Number(pid), 'SIGKILL');
    await expect(cut).rejects.toThrow('sleep 60: it was ended');
    expect(await shell.run(['echo', 'anew'])).toBe('anew\n');
  });
});
