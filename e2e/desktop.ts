import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Installation } from './installation.ts';
import { inContainer } from './pods.ts';

const CONNECTED = '[data-testid=desktop-canvas][data-state=connected]';
// Where the panel of our desktop image has its button for a terminal: from the left and from the bottom edge.
const TERMINAL_BUTTON = { x: 136, fromBottom: 20 };

// Runs in the page.
const LOOK = `(() => {
  const canvas = document.querySelector('${CONNECTED} canvas');
  const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  const colours = new Set();
  let print = 0;
  for (const pixel of pixels) {
    if (colours.size < 1000) colours.add(pixel);
    print = (Math.imul(print, 31) + pixel) >>> 0;
  }
  return { print, colours: colours.size };
})()`;

/** Waits until the page shows a live desktop, painted to the end: for twenty seconds, or as long as is said. */
export async function desktopPainted(page: Page, timeout = 20_000): Promise<void> {
  await page.locator(CONNECTED).waitFor({ timeout: 30_000 });
  await expect.poll(() => look(page).then(({ colours }) => colours), { timeout }).toBeGreaterThan(200);
  await pictureRests(page);
}

/** Whether the line to the desktop is up. */
export async function isConnected(page: Page): Promise<boolean> {
  return (await page.locator(CONNECTED).count()) === 1;
}

/** A fingerprint of the picture, and how many colours it has: an empty or broken one has few. */
export function look(page: Page): Promise<{ print: number; colours: number }> {
  return page.evaluate(LOOK);
}

/** Waits until two looks in a row see the same. */
async function pictureRests(page: Page): Promise<void> {
  let last: number | undefined;
  await expect
    .poll(
      async () => {
        const { print } = await look(page);
        const same = print === last;
        last = print;
        return same;
      },
      { interval: 150, timeout: 20_000 },
    )
    .toBe(true);
}

/** Presses the panel's button for a terminal. */
export async function pressTerminalButton(page: Page): Promise<void> {
  const box = await page.locator(`${CONNECTED} canvas`).boundingBox();
  if (!box) throw new Error('the desktop has no canvas');
  await page.mouse.click(box.x + TERMINAL_BUTTON.x, box.y + box.height - TERMINAL_BUTTON.fromBottom);
}

/** Opens a terminal on the desktop with the mouse, as a person does, and waits for its shell. */
export async function openTerminal(page: Page, lab: Installation, tenant: string, instance: string): Promise<void> {
  await pressTerminalButton(page);
  await expect.poll(() => inContainer(lab, tenant, instance, ['pgrep', '-x', 'bash']), { timeout: 20_000 }).toMatch(/^\d+\n/);
  await pictureRests(page);
}
