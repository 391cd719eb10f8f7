import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Installation } from './installation.ts';
import { ROOT } from './program.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Debian's Chromium, headless, with a fresh profile. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: FLAGS });
}

/** A person in a browser of their own, signed in as people do it: by the form. */
export async function signIn(
  browser: Browser,
  installation: Installation,
  name: string,
  options: BrowserContextOptions = {},
): Promise<{ context: BrowserContext; page: Page }> {
  const viewport = { width: 1280, height: 860 };
  const context = await browser.newContext({ viewport, permissions: ['clipboard-read', 'clipboard-write'], ...options });
  const page = await context.newPage();
  await page.goto(`${installation.url}/`);
  await fillSignIn(page, name, installation.passwords.get(name) ?? '');
  await page.getByRole('main').getByRole('heading').first().waitFor();
  return { context, page };
}

/** Sends the sign-in form. */
export async function fillSignIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Presses Start on a template's card and waits until the new instance is Ready, for a minute or as long as is said. Returns its name. */
export async function start(page: Page, template: string, timeout = 60_000): Promise<string> {
  const cards = page.getByTestId('instance-card');
  await page.getByTestId('template-card').first().waitFor();
  const before = new Set(await namesOf(cards));
  await page.locator(`[data-testid=template-card][data-template=${template}]`).getByTestId('start').click();
  let name: string | undefined;
  await expect
    .poll(async () => {
      name = (await namesOf(cards)).find((one) => !before.has(one));
      return name;
    })
    .toBeDefined();
  await cardOf(page, name ?? '', 'Ready').waitFor({ timeout });
  return name ?? '';
}

/** The card of an instance on the first page, in a phase when one is given. */
export function cardOf(page: Page, instance: string, phase?: string): Locator {
  return page.locator(`[data-testid=instance-card][data-instance="${instance}"]${phase ? `[data-phase=${phase}]` : ''}`);
}

function namesOf(cards: Locator): Promise<string[]> {
  return cards.evaluateAll((all) => all.map((card) => card.getAttribute('data-instance') ?? ''));
}

/** Waits until a page says that. A failure tells what it said instead. */
export async function says(page: Page, text: string, timeout = 15_000): Promise<void> {
  await page
    .getByText(text)
    .first()
    .waitFor({ timeout })
    .catch(async (cause: unknown) => {
      throw new Error(`The page at ${page.url()} did not say "${text}", but: ${await page.locator('body').innerText()}`, { cause });
    });
}

/** Keeps a picture as an artefact of the run; a person looks at it. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = join(ROOT, 'artifacts');
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}
