/** Goes through all pages of the mock lab in light and dark with axe-core and through the main acts: `node dev/check-pages.ts [base]`. */
import { AxeBuilder } from '@axe-core/playwright';
import type { BrowserContext, Page } from 'playwright-core';
import { openBrowser } from '../../../e2e/browser.ts';

const [, , base = 'http://localhost:5180'] = process.argv;
const PAGES: readonly (readonly [string, string])[] = [
  ['student', '/'],
  ['student', '/account'],
  ['student', '/nowhere'],
  ['student', '/desktop/tenant-student/instance-a1/desktop'],
  ['student', '/desktop/tenant-student/instance-a2/jupyter'],
  ['student', '/terminal/tenant-student/instance-a1/desktop'],
  ['teacher', '/teaching'],
  ['admin', '/people'],
  ['admin', '/workspaces'],
];
const browser = await openBrowser();
let failures = 0;

function judge(ok: boolean, what: string): void {
  if (!ok) failures += 1;
  console.log(ok ? 'ok  ' : 'FAIL', what);
}

async function opened(context: BrowserContext, person: string, path: string): Promise<Page> {
  await context.addCookies([{ name: 'person', value: person, url: base }]);
  const page = await context.newPage();
  page.on('pageerror', (error) => judge(false, `${path}: ${error.message}`));
  await page.goto(base + path);
  await page.waitForTimeout(1000);
  return page;
}

async function axe(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  judge(violations.length === 0, `axe ${what}`);
  for (const { id, nodes } of violations)
    console.log(
      '   ',
      id,
      nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`),
    );
}

async function looks(): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ colorScheme, reducedMotion: 'reduce' });
    for (const [person, path] of PAGES) {
      const page = await opened(context, person, path);
      await axe(page, `${colorScheme} ${path}`);
      await page.close();
    }
    const page = await opened(context, 'student', '/');
    await page.getByTestId('person-menu').click();
    await axe(page, `${colorScheme} menu`);
    await page.keyboard.press('Escape');
    await page.getByTestId('delete').first().click();
    await axe(page, `${colorScheme} dialog`);
    await context.close();
  }
}

async function acts(): Promise<void> {
  const context = await browser.newContext();
  const page = await opened(context, 'student', '/');
  const cards = page.getByTestId('instance-card');
  const before = await cards.count();
  await page.locator('[data-template=jupyter] [data-testid=start]').click();
  await page.waitForFunction((n) => document.querySelectorAll('[data-testid=instance-card]').length === n, before + 1, { timeout: 1000 });
  judge(true, 'a started environment is shown at once');
  const fresh = cards.first();
  await fresh.getByTestId('connect-web').waitFor({ timeout: 10_000 });
  judge((await fresh.getAttribute('data-phase')) === 'Ready', 'it becomes ready by itself');
  judge(/\/instance\/.+\/jupyter\/$/.test((await fresh.getByTestId('connect-web').getAttribute('href')) ?? ''), 'its web app has a link');
  await fresh.getByRole('button', { name: /Rename/ }).click();
  await page.keyboard.type('My notebook');
  await page.keyboard.press('Enter');
  await fresh.getByRole('heading', { name: 'My notebook' }).waitFor({ timeout: 2000 });
  judge(true, 'it is renamed in place');
  await fresh.getByTestId('stop').click();
  await fresh.getByTestId('start-again').waitFor({ timeout: 5000 });
  judge(true, 'it stops, and can be started again');
  await fresh.getByTestId('delete').click();
  await page.getByTestId('confirm').click();
  await page.waitForFunction((n) => document.querySelectorAll('[data-testid=instance-card]').length === n, before, { timeout: 5000 });
  judge(true, 'it is deleted after a confirmation');
  await desktopActs(page);
  await page.goto(`${base}/start/netgroup/desktop`);
  await page.getByTestId('desktop-canvas').waitFor({ timeout: 15_000 });
  judge(true, 'a start link leads to the running desktop');
  await sessionEnds(page);
  await context.close();
}

async function desktopActs(page: Page): Promise<void> {
  await page.locator('[data-instance=instance-a1] [data-testid=connect]').click();
  await page.locator('[data-testid=desktop-canvas][data-state=connected]').waitFor({ timeout: 5000 });
  await page.waitForTimeout(500);
  const size = await page
    .locator('[data-testid=desktop-canvas] canvas')
    .evaluate((canvas) => [(canvas as HTMLCanvasElement).width, innerWidth]);
  judge(size[0] === size[1], 'the desktop has the size of the window');
  await page.keyboard.press('Control+Alt+Shift');
  judge(await page.evaluate(() => document.activeElement?.closest('.desk-bar') !== null), 'Ctrl+Alt+Shift leads to the bar');
  await page.keyboard.press('Escape');
  judge(await page.evaluate(() => document.activeElement?.tagName === 'CANVAS'), 'Escape leads back to the desktop');
  await page.getByTestId('clipboard').click();
  await axe(page, 'clipboard panel');
  await page.getByRole('link', { name: 'Back to the lab' }).click();
  await page.getByTestId('template-card').first().waitFor();
  judge(true, 'the way back leads to the lab');
}

async function sessionEnds(page: Page): Promise<void> {
  await page.goto(base);
  await page.getByTestId('template-card').first().waitFor();
  await page.request.get(`${base}/dev/sign-out`);
  await page.getByTestId('sign-in-again').waitFor({ timeout: 20_000 });
  judge(true, 'an ended session is said, with a way to sign in again');
  await page.request.get(`${base}/auth/login`);
}

await looks();
await acts();
await browser.close();
console.log(failures === 0 ? 'all well' : `${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
