import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cardOf, fillSignIn, openBrowser, picture, signIn } from './browser.ts';
import { Installation } from './installation.ts';
import { must } from './kubectl.ts';
import { apply, imagesReady, instanceOf, instanceReady } from './objects.ts';

// Issue 2, "Seen to hold" 9: every page for every pair of eyes, and without a mouse.

let lab: Installation;
let browser: Browser;
let page: Page;
let teacher: Page;
let admin: Page;

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const TELEPHONE = { width: 390, height: 844 };
const CALM = { reducedMotion: 'reduce' } as const;

beforeAll(async () => {
  [lab, browser] = await Promise.all([Installation.start(), openBrowser()]);
  await imagesReady(lab, 'desktop', 'terminal');
  await apply(lab, instanceOf('student', 'desktop', 'seen'));
  const enter = (name: string) => signIn(browser, lab, name, CALM).then((signedIn) => signedIn.page);
  [page, teacher, admin] = await Promise.all([enter('student'), enter('teacher'), enter('admin')]);
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
    const axe = await new AxeBuilder({ page: shown })
      .options({ runOnly: RULES, resultTypes: ['violations'] })
      .setLegacyMode(true)
      .analyze();
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
const stefano = (on: Page) => on.getByText('Stefano Student');

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

test('a barrier is found where there is one', async () => {
  await page.evaluate("document.querySelector('main').append(document.createElement('img'))");
  expect((await violations(page)).map((text) => text.split(':', 1)[0])).toEqual(['light image-alt', 'dark image-alt']);
});

test('signing in and changing a password have no barrier', async () => {
  const context = await browser.newContext({ ...CALM, viewport: TELEPHONE });
  const visitor = await context.newPage();
  expect(await judge(visitor, '/', (on) => on.getByLabel('User name'))).toEqual([]);
  await fillSignIn(visitor, 'student', 'not the password');
  await visitor.getByText('User name or password is wrong').waitFor();
  expect(await violations(visitor)).toEqual([]);
  expect(await sideways(visitor)).toEqual([]);
  expect(await judge(visitor, '/oidc/password', heading)).toEqual([]);
  expect(await sideways(visitor)).toEqual([]);
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

test('what a teacher opens says whose it is, and has no barrier', async () => {
  expect(await judge(teacher, '/desktop/tenant-student/seen/desktop', (on) => on.getByTestId('whose'))).toEqual([]);
  await expect.poll(() => teacher.getByTestId('whose').innerText()).toBe('Stefano Student');
  await expect.poll(() => teacher.title()).toMatch(/ · desktop · Stefano Student$/);
  await teacher.goto(`${lab.url}/terminal/tenant-student/seen/desktop`);
  await expect.poll(() => teacher.title()).toMatch(/ · terminal · Stefano Student$/);
  await page.goto(`${lab.url}/desktop/tenant-student/seen/desktop`);
  await page.locator('[data-testid=desktop-canvas][data-state=connected]').waitFor({ timeout: 30_000 });
  expect(await page.getByTestId('whose').count()).toBe(0);
});

test('the clipboard beside a desktop has no barrier', async () => {
  await page.goto(`${lab.url}/desktop/tenant-student/seen/desktop`);
  await page.locator('[data-testid=desktop-canvas][data-state=connected]').waitFor({ timeout: 30_000 });
  await page.getByTestId('clipboard').click();
  await page.getByLabel('Text on the clipboard').waitFor();
  expect(await violations(page)).toEqual([]);
  await picture(page, 'clipboard');
});

test('the pages in Italian have no barrier, and nothing on them is English', async () => {
  const { page: italian } = await signIn(browser, lab, 'student', { ...CALM, locale: 'it-IT' });
  expect(await judge(italian, '/', (on) => cardOf(on, 'seen', 'Ready'))).toEqual([]);
  expect(await italian.locator('html').getAttribute('lang')).toBe('it');
  await picture(italian, 'home-italian');
  expect(await judge(italian, '/account', heading)).toEqual([]);
  expect(await italian.getByRole('main').innerText()).not.toMatch(/\b(the|your|and|of|key|keys)\b/i);
  await italian.context().close();
});

test('the page of a web app whose server is silent has no barrier, and does not say that something restarts', async () => {
  const spec = { cpu: 1, memory: '64M', reservedCPUPercentage: 10 };
  await must(lab, ['apply', '-f', '-'], {
    apiVersion: 'crownlabs.polito.it/v1alpha2',
    kind: 'Template',
    metadata: { name: 'silent', namespace: 'workspace-netgroup' },
    spec: {
      prettyName: 'Silent',
      description: 'A web app that nobody serves',
      'workspace.crownlabs.polito.it/WorkspaceRef': { name: 'netgroup' },
      // The engine has this one, because every pod needs it; it does nothing.
      environmentList: [
        { name: 'silent', image: 'crownlabs/pause:1', environmentType: 'Standalone', guiEnabled: true, persistent: false, resources: spec },
      ],
    },
  });
  await apply(lab, instanceOf('student', 'silent', 'silent'));
  const get = (path: string) => must(lab, ['get', 'instance', 'silent', '-n', 'tenant-student', '-o', `jsonpath=${path}`]);
  await expect.poll(() => get('{.status.environments[0].ip}'), { timeout: 30_000 }).not.toBe('');
  const path = `/instance/${await get('{.metadata.uid}')}/silent/`;
  expect(await judge(page, path, (on) => on.getByText('nothing in it answers yet'))).toEqual([]);
  await picture(page, 'web-app-silent');
});

test('connecting a terminal by its code has no barrier', async () => {
  const form = new URLSearchParams({ client_id: 'crownlabs-cli', scope: 'openid profile groups' });
  const answer = await fetch(`${lab.url}/oidc/device/auth`, { method: 'POST', body: form });
  const code = String(Reflect.get(Object(await answer.json()), 'user_code'));
  const context = await browser.newContext({ ...CALM, viewport: TELEPHONE });
  const visitor = await context.newPage();
  const step = async (button: string) => {
    await visitor.getByRole('button', { name: button }).click();
    await visitor.waitForLoadState();
  };
  const shown = async (title: string) => {
    await visitor.getByRole('heading', { name: title }).waitFor();
    expect([...(await violations(visitor)), ...(await sideways(visitor))]).toEqual([]);
  };
  await visitor.goto(`${lab.url}/oidc/device`);
  await shown('Connect a terminal');
  await visitor.getByLabel('Code').fill('BBBB-BBBB');
  await step('Continue');
  await visitor.getByText('No terminal waits with this code').waitFor();
  // What was nearly right can be mended.
  expect(await visitor.getByLabel('Code').inputValue()).toBe('BBBB-BBBB');
  await shown('Connect a terminal');
  await visitor.getByLabel('Code').fill(code);
  await step('Continue');
  await shown('Is this your terminal?');
  await step('Yes, connect it');
  await fillSignIn(visitor, 'student', lab.passwords.get('student') ?? '');
  await shown('Connected');
  await context.close();
});

test('the pages of a teacher and of an administrator have no barrier', async () => {
  expect(await judge(teacher, '/teaching', stefano)).toEqual([]);
  expect(await judge(admin, '/people', stefano)).toEqual([]);
  await admin.getByRole('button', { name: 'Workspaces of Stefano Student' }).click();
  await admin.getByRole('dialog').waitFor();
  expect(await violations(admin)).toEqual([]);
  expect(await judge(admin, '/workspaces', (on) => on.getByText('Netgroup'))).toEqual([]);
});

test('a telephone shows every main page without scrolling sideways', async () => {
  const pages: readonly (readonly [Page, string, (on: Page) => Locator])[] = [
    [page, '/', (on) => cardOf(on, 'seen', 'Ready')],
    [page, '/account', heading],
    [page, '/nowhere', heading],
    [page, '/desktop/tenant-student/seen/desktop', (on) => on.locator('[data-testid=desktop-canvas][data-state=connected]')],
    [teacher, '/teaching', stefano],
    [admin, '/people', stefano],
    [admin, '/workspaces', (on) => on.getByText('Netgroup')],
  ];
  const found: string[] = [];
  for (const [shown, path, complete] of pages) {
    await shown.setViewportSize(TELEPHONE);
    await shown.goto(`${lab.url}${path}`);
    await complete(shown).first().waitFor({ timeout: 30_000 });
    found.push(...(await sideways(shown)).map((text) => `${path} ${text}`));
    await picture(shown, `phone${path.replaceAll('/', '-')}`);
  }
  expect(found).toEqual([]);
  expect(await violations(admin)).toEqual([]);
});

/** The page itself and the boxes around tables, where their content is wider than they are. */
function sideways(shown: Page): Promise<string[]> {
  return shown.evaluate(`[document.documentElement, ...document.querySelectorAll('.table-box')]
    .filter((element) => element.scrollWidth > element.clientWidth)
    .map((element) => element.tagName + ' ' + element.scrollWidth + ' > ' + element.clientWidth)`);
}
