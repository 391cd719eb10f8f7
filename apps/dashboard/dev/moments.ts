/** Pictures of passing moments: a menu, a dialog, a start, a toast, the panel of the desktop: `node dev/moments.ts [base] [folder]`. */
import { openBrowser } from '../../../e2e/browser.ts';

const [, , base = 'http://localhost:5180', folder = '/tmp/shots'] = process.argv;
const browser = await openBrowser();
for (const colorScheme of ['light', 'dark'] as const) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, colorScheme });
  await context.addCookies([{ name: 'person', value: 'student', url: base }]);
  const page = await context.newPage();
  const shot = (name: string) => page.screenshot({ path: `${folder}/m-${name}-${colorScheme}.png` });
  await page.goto(base);
  await page.getByTestId('template-card').first().waitFor();
  await page.locator('[data-template=desktop] [data-testid=start]').hover();
  await page.waitForTimeout(500);
  await shot('consider');
  await page.getByTestId('person-menu').click();
  await page.waitForTimeout(300);
  await shot('menu');
  await page.keyboard.press('Escape');
  await page.locator('[data-template=desktop] [data-testid=start]').click();
  await page.evaluate(() => window.scrollTo(0, 0));
  await shot('starting');
  await page.waitForTimeout(2500);
  await shot('toast');
  await page.getByTestId('stop').first().click();
  await page.waitForTimeout(400);
  await shot('dialog');
  await page.getByTestId('confirm').click();
  await page.waitForTimeout(2500);
  await shot('kept');
  await page.getByTestId('delete').first().click();
  await page.getByTestId('confirm').click();
  await page.waitForTimeout(1500);
  await page.goto(`${base}/desktop/tenant-student/instance-a1/desktop`);
  await page.locator('[data-state=connected]').waitFor();
  await page.getByTestId('clipboard').click();
  await page.waitForTimeout(400);
  await shot('clipboard');
  await page.getByTestId('keys').click();
  await page.waitForTimeout(300);
  await shot('keys');
  await page.goto(`${base}/account`);
  await page.getByTestId('ssh-key').waitFor();
  await page.keyboard.press('?');
  await page.waitForTimeout(400);
  await shot('help');
  await context.close();
}
await browser.close();
