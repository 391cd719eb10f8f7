import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cardOf, fillSignIn, openBrowser, picture, signIn } from './browser.ts';
import { Installation } from './installation.ts';
import { apply, imagesReady, instanceOf, instanceReady } from './objects.ts';

// Issue 2, "Seen to hold" 9: every page for every pair of eyes, and without a mouse.

let lab: Installation;
let browser: Browser;
let student: BrowserContext;
let page: Page;

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const CALM = { reducedMotion: 'reduce' } as const;

beforeAll(async () => {
  [lab, browser] = await Promise.all([Installation.start(), openBrowser()]);
  await imagesReady(lab, 'desktop', 'terminal');
  await apply(lab, instanceOf('student', 'desktop', 'seen'));
  ({ page, context: student } = await signIn(browser, lab, 'student', CALM));
  await instanceReady(lab, 'student', 'seen');
});

afterAll(async () => {
  await browser?.close();
  await lab?.[Symbol.asyncDispose]();
});

/** What axe finds on the page as it stands, in light and in dark, in words that lead to the place. */
async function violations(shown: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await wear(shown, colorScheme);
    // The other mode judges in a second page, which costs more than the judging.
    const axe = await new AxeBuilder({ page: shown }).withTags(RULES).setLegacyMode(true).analyze();
    for (const { id, nodes } of axe.violations)
      found.push(
        ...nodes.map((node) => `${colorScheme} ${id}: ${node.target.join(' ')}: ${[...node.any, ...node.all, ...node.none][0]?.message}`),
      );
  }
  return found;
}

/** Changes the colours of the system, and waits until the page knows. */
async function wear(shown: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await shown.emulateMedia({ colorScheme, ...CALM });
  await shown.waitForFunction(`matchMedia('(prefers-color-scheme: ${colorScheme})').matches`);
}

/** Judges a page of the product after what makes it complete is there. */
async function judge(shown: Page, path: string, complete: (on: Page) => Locator): Promise<string[]> {
  await shown.goto(`${lab.url}${path}`);
  await complete(shown).first().waitFor({ timeout: 30_000 });
  return (await violations(shown)).map((text) => `${path} ${text}`);
}

const heading = (on: Page) => on.getByRole('heading', { level: 1 });

/** Presses Tab until the control has the focus; says how many presses it took. */
async function tabTo(control: Locator): Promise<number> {
  for (let presses = 1; presses <= 60; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await control.and(page.locator(':focus')).count()) === 1) return presses;
  }
  throw new Error(`60 presses of Tab do not reach ${String(control)}`);
}

test('with the keyboard alone a student starts an environment and gets into it', async () => {
  const card = page.locator('[data-testid=template-card][data-template=terminal]');
  await card.waitFor();
  await tabTo(card.getByTestId('start'));
  await page.keyboard.press('Enter');
  const ready = page.locator('[data-testid=instance-card][data-template=terminal][data-phase=Ready]');
  await ready.waitFor({ timeout: 30_000 });
  await tabTo(ready.getByTestId('connect-terminal'));
  await page.keyboard.press('Enter');
  await page.locator('[data-testid=terminal][data-state=connected]').waitFor({ timeout: 30_000 });
  expect(await violations(page)).toEqual([]);
});

test('light and dark are two looks', async () => {
  const grounds = new Set<string>();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.goto(`${lab.url}/`);
    await heading(page).waitFor();
    await wear(page, colorScheme);
    grounds.add(
      await page.evaluate('getComputedStyle(document.querySelector("[data-testid=template-card]") ?? document.body).backgroundColor'),
    );
    await picture(page, `home-${colorScheme}`);
  }
  expect(grounds.size).toBe(2);
});

test('signing in and changing a password have no barrier', async () => {
  const context = await browser.newContext(CALM);
  const visitor = await context.newPage();
  expect(await judge(visitor, '/', (on) => on.getByLabel('User name'))).toEqual([]);
  await fillSignIn(visitor, 'student', 'not the password');
  await visitor.getByText('User name or password is wrong').waitFor();
  expect(await violations(visitor)).toEqual([]);
  expect(await judge(visitor, '/oidc/password', heading)).toEqual([]);
  await context.close();
});

test('the pages of a student have no barrier', async () => {
  const pages: readonly (readonly [string, (on: Page) => Locator])[] = [
    ['/', (on) => cardOf(on, 'seen', 'Ready')],
    ['/account', heading],
    ['/start/netgroup/nothing', (on) => on.getByText('There is no such environment')],
    ['/nowhere/at/all', heading],
    ['/desktop/tenant-student/seen/desktop', (on) => on.locator('[data-testid=desktop-canvas][data-state=connected]')],
    ['/desktop/tenant-student/gone/desktop', heading],
    ['/instance/00000000-0000-0000-0000-000000000000/desktop/', heading],
  ];
  const found: string[] = [];
  for (const [path, complete] of pages) found.push(...(await judge(page, path, complete)));
  expect(found).toEqual([]);
});

test('what opens above the page has no barrier: a menu, a question, the help', async () => {
  await page.goto(`${lab.url}/`);
  const card = cardOf(page, 'seen', 'Ready');
  await card.waitFor();
  await page.getByTestId('person-menu').click();
  await page.getByRole('menu').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await card.getByTestId('stop').click();
  await page.getByRole('dialog').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  expect(await violations(page)).toEqual([]);
});

test('the pages of a teacher and of an administrator have no barrier', async () => {
  const teacher = await signIn(browser, lab, 'teacher', CALM);
  expect(await judge(teacher.page, '/teaching', (on) => on.getByText('Stefano').first())).toEqual([]);
  await teacher.context.close();
  const admin = await signIn(browser, lab, 'admin', CALM);
  expect(await judge(admin.page, '/people', (on) => on.getByText('Stefano').first())).toEqual([]);
  await admin.page.getByRole('button', { name: 'Workspaces of Stefano Student' }).click();
  await admin.page.getByRole('dialog').waitFor();
  expect(await violations(admin.page)).toEqual([]);
  expect(await judge(admin.page, '/workspaces', (on) => on.getByText('Netgroup').first())).toEqual([]);
  await admin.context.close();
});

test('a telephone shows every main page without scrolling sideways', async () => {
  const visitor = await browser.newContext({ viewport: { width: 390, height: 844 }, ...CALM });
  const phone = await visitor.newPage();
  const wide: string[] = [];
  const measure = async (path: string, complete: (on: Page) => Locator) => {
    await phone.goto(`${lab.url}${path}`);
    await complete(phone).first().waitFor({ timeout: 30_000 });
    const [content, window] = await phone.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]');
    if (content > window) wide.push(`${path}: ${content} > ${window}`);
    await picture(phone, `phone${path.replaceAll('/', '-')}`);
  };
  await measure('/', (on) => on.getByLabel('User name'));
  await visitor.addCookies(await student.cookies());
  await measure('/', (on) => cardOf(on, 'seen', 'Ready'));
  expect(await violations(phone)).toEqual([]);
  await measure('/account', heading);
  await measure('/nowhere', heading);
  await measure('/desktop/tenant-student/seen/desktop', (on) => on.locator('[data-testid=desktop-canvas][data-state=connected]'));
  await visitor.clearCookies();
  const teacher = await signIn(browser, lab, 'teacher', CALM);
  await visitor.addCookies(await teacher.context.cookies());
  await measure('/teaching', (on) => on.getByText('Stefano').first());
  await teacher.context.close();
  await visitor.clearCookies();
  const admin = await signIn(browser, lab, 'admin', CALM);
  await visitor.addCookies(await admin.context.cookies());
  await measure('/people', (on) => on.getByText('Stefano').first());
  await measure('/workspaces', (on) => on.getByText('Netgroup').first());
  await admin.context.close();
  expect(wide).toEqual([]);
});
