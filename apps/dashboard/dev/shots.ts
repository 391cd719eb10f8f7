/** Pictures of pages in light, dark and on a phone: `node dev/shots.ts http://localhost:5180 /tmp/shots person path[@name] …` */
import { openBrowser } from '../../../e2e/browser.ts';

const [, , base = 'http://localhost:5180', folder = '/tmp/shots', person = 'student', ...paths] = process.argv;
const browser = await openBrowser();
const views = [
  ['light', { width: 1280, height: 860 }, 'light'],
  ['dark', { width: 1280, height: 860 }, 'dark'],
  ['phone', { width: 390, height: 844 }, 'light'],
] as const;
for (const [view, viewport, colorScheme] of views) {
  const context = await browser.newContext({ viewport, colorScheme });
  await context.addCookies([{ name: 'person', value: person, url: base }]);
  for (const spec of paths) {
    const [path = '/', name = path.replaceAll('/', '_')] = spec.split('@');
    const page = await context.newPage();
    page.on('console', (message) => message.type() === 'error' && console.log(view, path, message.text()));
    page.on('pageerror', (error) => console.log(view, path, error.message));
    await page.goto(base + path);
    await page.waitForTimeout(1500);
    await page.screenshot({ path: `${folder}/${name}-${view}.png`, fullPage: !path.startsWith('/desktop') });
    await page.close();
  }
}
await browser.close();
