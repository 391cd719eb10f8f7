import { type Browser, request } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cardOf, openBrowser, picture, signIn, start } from './browser.ts';
import { desktopPainted, openTerminal } from './desktop.ts';
import { Installation } from './installation.ts';
import { must } from './kubectl.ts';
import { imagesReady } from './objects.ts';
import { inContainer } from './pods.ts';
import { processorShare } from './program.ts';

// Issue 2, "Seen to hold" 1 to 3: from the command to a person typing on a remote machine.

let lab: Installation;
let browser: Browser;

beforeAll(async () => {
  [lab, browser] = await Promise.all([Installation.start(), openBrowser()]);
  await imagesReady(lab, 'desktop', 'jupyter', 'terminal');
});

afterAll(async () => {
  await browser?.close();
  await lab?.[Symbol.asyncDispose]();
});

test('a student signs in, starts a desktop and types into a terminal on it', async () => {
  const { page, context } = await signIn(browser, lab, 'student');
  const instance = await start(page, 'desktop');
  await picture(page, 'student-home');
  await cardOf(page, instance).getByTestId('connect').click();
  await desktopPainted(page);
  await picture(page, 'desktop-connected');
  await openTerminal(page, lab, 'student', instance);
  await page.keyboard.type('echo $((6*7)) > /tmp/proof\n', { delay: 15 });
  await expect.poll(() => inContainer(lab, 'student', instance, ['cat', '/tmp/proof']), { timeout: 10_000 }).toBe('42\n');
  await picture(page, 'desktop-typed');
  await context.close();
});

test('a student runs a cell of a Jupyter notebook in the page', async () => {
  const { page, context } = await signIn(browser, lab, 'student');
  const instance = await start(page, 'jupyter');
  const opened = context.waitForEvent('page');
  await cardOf(page, instance).getByTestId('connect-web').click();
  const tree = await opened;
  await tree.waitForURL(/\.apps\.localhost:/);
  expect(new URL(tree.url()).origin).not.toBe(lab.url);
  await tree.locator('#new-dropdown-button').click();
  const tab = context.waitForEvent('page');
  await tree.locator('#kernel-python3 a').click();
  const notebook = await tab;
  // A cell that is run before there is a kernel is not run at all; the page shows when there is one.
  await notebook.locator('.kernel_idle_icon').waitFor({ timeout: 30_000 });
  await notebook.locator('.CodeMirror').first().click();
  await notebook.keyboard.type('6 * 7');
  await notebook.keyboard.press('Shift+Enter');
  await notebook.locator('.output_result').waitFor({ timeout: 30_000 });
  expect(await notebook.locator('.output_result').innerText()).toContain('42');
  await picture(notebook, 'jupyter-cell');
  await context.close();
});

test('a student works in a terminal in the page', async () => {
  const { page, context } = await signIn(browser, lab, 'student');
  const instance = await start(page, 'terminal');
  await cardOf(page, instance).getByTestId('connect-terminal').click();
  await page.locator('[data-testid=terminal][data-state=connected]').waitFor();
  await page.keyboard.type('echo $((6*7)) at $PWD > /tmp/proof\n');
  await expect
    .poll(() => inContainer(lab, 'student', instance, ['cat', '/tmp/proof']), { timeout: 10_000 })
    .toBe('42 at /home/crownlabs\n');
  await picture(page, 'terminal-typed');
  await context.close();
});

test('a second start shows the sign-in page within seconds of the command and keeps what was there', async () => {
  const objects = ['get', 'tenants,workspaces,templates,instances', '-A', '-o', 'name'];
  const before = await must(lab, objects);
  const seconds: number[] = [];
  // The budget of 2 s is bench/first-light's to measure, on a quiet machine. Here a start that has become slow is caught,
  // and counts the time that we had of a machine that may be busy with something else.
  while (seconds.length < 3 && !seconds.some((one) => one < 4)) {
    await lab.down();
    const share = processorShare();
    const begun = performance.now();
    const up = lab.up();
    expect(await signInPage()).toContain('Sign in');
    seconds.push(Number((((performance.now() - begun) / 1000) * share).toFixed(2)));
    await up;
  }
  console.log(`second start, seconds from the command to the sign-in page: ${seconds.join(', ')}`);
  expect(await must(lab, objects)).toBe(before);
  expect(Math.min(...seconds)).toBeLessThan(4);
});

/** The sign-in page as a browser without a session gets it, as soon as it is served. */
async function signInPage(): Promise<string> {
  const visitor = await request.newContext();
  let page: string | undefined;
  await expect
    .poll(
      async () => {
        const answer = await visitor.get(`${lab.url}/auth/login`).catch(() => undefined);
        page = answer?.ok() ? await answer.text() : undefined;
        return page;
      },
      { interval: 20, timeout: 30_000 },
    )
    .toBeDefined();
  await visitor.dispose();
  return page ?? '';
}
