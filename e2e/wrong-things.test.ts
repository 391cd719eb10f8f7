import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { cardOf, fillSignIn, openBrowser, picture, says, signIn } from './browser.ts';
import { Installation } from './installation.ts';
import { kubectl, must } from './kubectl.ts';
import { apply, imagesReady, instanceOf } from './objects.ts';
import { LAUNCHER, run } from './program.ts';
import { wordsOf } from './words-of.ts';

// Issue 2, "Seen to hold" 7: whatever goes wrong is said in words that help.

/** A template of the demo workspace. */
function templateOf(name: string, image: string, cpu: number) {
  return {
    apiVersion: 'crownlabs.polito.it/v1alpha2',
    kind: 'Template',
    metadata: { name, namespace: 'workspace-netgroup' },
    spec: {
      prettyName: name,
      description: 'For a test',
      'workspace.crownlabs.polito.it/WorkspaceRef': { name: 'netgroup' },
      environmentList: [
        {
          name,
          image,
          environmentType: 'Container',
          guiEnabled: false,
          persistent: false,
          resources: { cpu, memory: '128M', reservedCPUPercentage: 10 },
        },
      ],
    },
  };
}

describe('before anything runs', () => {
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'crownlabs-e2e-'));
  });

  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  const cli = (args: readonly string[], env: Record<string, string> = {}) => run(LAUNCHER, ['--data-dir', dataDir, ...args], { env });
  const configured = (text: string) => writeFile(join(dataDir, 'config.yaml'), text);

  test('without a container engine `up` says which socket it looked for and what to change', async () => {
    const socket = join(dataDir, 'nothing.sock');
    const said = wordsOf(await cli(['up'], { CROWNLABS_ENGINE_SOCKET: socket }));
    expect(said).toContain(`There is no container engine at ${socket}.`);
    expect(said).toContain('Check engineSocket, or leave it out');
  });

  test('a port in use is named, with the way to find who uses it and the flag for another', async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    for (const flag of ['--port', '--api-port']) {
      const said = wordsOf(await cli(['up', flag, String(port)]));
      expect(said).toContain(`Port ${port} on 127.0.0.1 is in use by another program.`);
      expect(said).toContain(`ss -ltnp 'sport = :${port}'`);
      expect(said).toContain(`choose another port with ${flag}.`);
    }
  });

  test('a configuration that is not YAML is refused with the file and the line', async () => {
    onTestFinished(() => configured(''));
    await configured('just some words\n');
    expect(wordsOf(await cli(['up']))).toContain('The configuration is not a list of keys and values.');
    await configured('port: 8080\nbind: [\n');
    const said = wordsOf(await cli(['up']));
    expect(said).toContain(join(dataDir, 'config.yaml'));
    expect(said).toMatch(/is not YAML:.* at line \d/);
  });

  test('mistakes in the configuration are all named, and a key that is nearly right is suggested', async () => {
    onTestFinished(() => configured(''));
    await configured('prot: 8080\nlogLevel: loud\nkeepStopped: 3\n');
    const said = wordsOf(await cli(['up']));
    expect(said).toContain(join(dataDir, 'config.yaml'));
    expect(said).toContain('prot: there is no such key; did you mean port?');
    expect(said).toMatch(/logLevel: .*"debug"/);
    expect(said).toContain('keepStopped: a number and a unit is needed, such as 30s');
  });

  test('`status` says that nothing runs and how to start, and ends with 3', async () => {
    const { code, stdout } = await cli(['status']);
    expect(stdout).toBe(`CrownLabs does not run from ${dataDir}. Start it with \`crownlabs up\`.\n`);
    expect(code).toBe(3);
  });

  test('a command that needs a running installation says so', async () => {
    const said = wordsOf(await cli(['user', 'passwd', 'student']));
    expect(said).toMatch(/crownlabs up/);
  });

  test('a mistyped command is suggested', async () => {
    const { code, stderr } = await cli(['stauts']);
    expect(stderr).toContain('Did you mean status?');
    expect(code).toBe(1);
  });
});

describe('while it runs', () => {
  let lab: Installation;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    [lab, browser] = await Promise.all([Installation.start(), openBrowser()]);
    await imagesReady(lab, 'terminal');
    await must(lab, ['apply', '-f', '-'], templateOf('huge', 'crownlabs/terminal:1', 9));
    await must(lab, ['apply', '-f', '-'], templateOf('absent', 'crownlabs/absent:1', 1));
    ({ page } = await signIn(browser, lab, 'student'));
  });

  afterAll(async () => {
    await browser?.close();
    await lab?.[Symbol.asyncDispose]();
  });

  /** A request of the page itself, with its session. */
  function ask(path: string, body: string): Promise<{ status: number; text: string }> {
    const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    return page.evaluate(
      `fetch(${JSON.stringify(path)}, ${JSON.stringify(request)}).then(async (answer) => ({ status: answer.status, text: await answer.text() }))`,
    );
  }

  const create = (name: string, template: string) =>
    ask(
      '/graph',
      JSON.stringify({
        query: `mutation ($namespace: String!, $instance: ItPolitoCrownlabsV1alpha2InstanceInput!) {
          made: createCrownlabsPolitoItV1alpha2NamespacedInstance(namespace: $namespace, itPolitoCrownlabsV1alpha2InstanceInput: $instance) { metadata { name } } }`,
        variables: {
          namespace: 'tenant-student',
          instance: {
            apiVersion: 'crownlabs.polito.it/v1alpha2',
            kind: 'Instance',
            metadata: { name, namespace: 'tenant-student' },
            spec: {
              templateCrownlabsPolitoItTemplateRef: { name: template, namespace: 'workspace-netgroup' },
              tenantCrownlabsPolitoItTenantRef: { name: 'student' },
            },
          },
        },
      }),
    );

  test('a second `up` says where it runs already, and is content', async () => {
    const { code, stderr } = await lab.cli('up');
    expect(stderr).toContain(`CrownLabs runs already: ${lab.url}`);
    expect(code).toBe(0);
  });

  test('a wrong password is said without telling which names exist', async () => {
    const context = await browser.newContext();
    const visitor = await context.newPage();
    await visitor.goto(`${lab.url}/`);
    for (const name of ['student', 'nobody-at-all']) {
      await fillSignIn(visitor, name, 'not the password');
      await visitor.getByRole('alert').waitFor();
      expect(await visitor.getByRole('alert').innerText()).toContain('User name or password is wrong. Check both and try again.');
      expect(await visitor.getByLabel('User name').inputValue()).toBe(name);
    }
    await context.close();
  });

  test('an image that is missing is said on the card, and the instance can be stopped and deleted', async () => {
    await apply(lab, instanceOf('student', 'absent', 'hollow'));
    const card = cardOf(page, 'hollow');
    await card.getByText(/crownlabs\/absent:1/).waitFor({ timeout: 30_000 });
    await picture(page, 'image-missing');
    const said = await card.innerText();
    expect(said).toContain('The image crownlabs/absent:1 is not here and cannot be fetched: ');
    expect(said).toMatch(/[^.]\. Tell your teacher\.$/m);
    const condition = '{.status.phase} {.status.conditions[?(@.type=="Ready")].reason}';
    expect(await must(lab, ['get', '-n', 'tenant-student', 'instance', 'hollow', '-o', `jsonpath=${condition}`])).toBe(
      'Failed ImageNotFound',
    );
    await card.getByTestId('stop').click();
    await page.getByTestId('confirm').click();
    await cardOf(page, 'hollow', 'Off').waitFor({ timeout: 30_000 });
    await cardOf(page, 'hollow').getByTestId('delete').click();
    await page.getByTestId('confirm').click();
    await card.waitFor({ state: 'detached', timeout: 30_000 });
  });

  test('a template that does not exist is named by the API and by the graph', async () => {
    const { code, stderr } = await kubectl(lab, ['apply', '-f', '-'], JSON.stringify(instanceOf('student', 'dekstop', 'lost')));
    expect(stderr).toContain('there is no template dekstop in workspace-netgroup');
    expect(code).toBe(1);
    const { text } = await create('lost', 'dekstop');
    expect(text).toContain('there is no template dekstop in workspace-netgroup');
  });

  test('before the click, Start is off and the card says what is missing', async () => {
    await page.goto(`${lab.url}/`);
    const card = page.locator('[data-testid=template-card][data-template=huge]');
    await card.waitFor();
    expect(await card.getByTestId('start').isDisabled()).toBe(true);
    expect(await card.innerText()).toContain('It needs more than one person may use in this workspace. Ask your teacher.');
  });

  test('after the click, the API refuses with the sum, and the page shows it', async () => {
    const { code, stderr } = await kubectl(lab, ['apply', '-f', '-'], JSON.stringify(instanceOf('student', 'huge', 'much')));
    expect(stderr).toContain('quota exceeded: CPU (9 > 8)');
    expect(code).toBe(1);
    const { text } = await create('much', 'huge');
    expect(text).toContain('quota exceeded: CPU (9 > 8)');
    await page.goto(`${lab.url}/start/netgroup/huge`);
    await page.getByText('CPU: you would use 9, and may use 8. Stop or delete another environment first.').waitFor({ timeout: 15_000 });
    await page.getByText('It cannot be started now').waitFor();
    await picture(page, 'quota-after-click');
  });

  test('malformed YAML is refused by kubectl, and an unknown or wrong field by the API with its path', async () => {
    const broken = await kubectl(lab, ['apply', '-f', '-'], 'kind: [Instance\n');
    expect(broken.stderr).toMatch(/error (parsing|converting)/);
    expect(broken.code).toBe(1);
    const instance = instanceOf('student', 'desktop', 'odd');
    const odd = { ...instance, spec: { ...instance.spec, runing: true, running: 'yes' } };
    const { code, stderr } = await kubectl(lab, ['apply', '-f', '-'], JSON.stringify(odd));
    expect(stderr).toMatch(/spec\.runing/);
    expect(code).toBe(1);
    const wrong = await kubectl(lab, ['apply', '--validate=false', '-f', '-'], JSON.stringify(odd));
    expect(wrong.stderr).toMatch(/spec\.running: Invalid value: "string"/);
  });

  test('malformed GraphQL is answered with 400 and a sentence', async () => {
    const asked = ['{ oops', '{ nothing { here } }', 'query', ''].map((query) => JSON.stringify({ query }));
    for (const body of [...asked, 'not json', '[]', '{}']) {
      const { status, text } = await ask('/graph', body);
      expect([body, status]).toEqual([body, 400]);
      const { errors }: { errors: { message: string }[] } = JSON.parse(text);
      expect(errors[0]?.message).toMatch(/\w+ \w+/);
      expect(text).not.toMatch(/node_modules|\.ts:\d|stack/);
    }
  });

  /** How the gateway answers a WebSocket handshake: status and words. */
  function handshake(path: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
    const socket = new WebSocket(`${lab.url.replace('http', 'ws')}${path}`, { headers });
    return new Promise((resolve, reject) => {
      socket.once('open', () => reject(new Error(`${path} was opened`)));
      socket.once('error', reject);
      socket.once('unexpected-response', (_, response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => void (text += chunk.toString()));
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
    });
  }

  test('a WebSocket without a session, or from another page, is refused in words', async () => {
    const cookies = await page.context().cookies(lab.url);
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    for (const path of ['/graph/subscription', '/api/rfb/tenant-student/any/desktop', '/api/terminal/tenant-student/any/desktop']) {
      const without = await handshake(path, { origin: lab.url });
      expect([path, without.status]).toEqual([path, 401]);
      expect(JSON.parse(without.text)).toMatchObject({ code: 401, reason: 'Unauthorized', message: expect.stringMatching(/sign in/i) });
      const foreign = await handshake(path, { origin: 'http://elsewhere.example', cookie });
      expect([path, foreign.status]).toEqual([path, 403]);
      expect(JSON.parse(foreign.text)).toMatchObject({ code: 403, reason: 'Forbidden', message: expect.stringMatching(/\w+ \w+ \w+/) });
    }
  });

  // The last ones: they take the student's session away.
  async function signInAgain(): Promise<void> {
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
    await dialog.waitFor({ timeout: 20_000 });
    await picture(page, 'session-ended');
    await dialog.getByTestId('sign-in-again').click();
    await fillSignIn(page, 'student', lab.passwords.get('student') ?? '');
    await page.getByTestId('template-card').first().waitFor();
  }

  test('a session that is gone is said at the next act, with a way to sign in again', async () => {
    await page.goto(`${lab.url}/`);
    const start = page.locator('[data-testid=template-card][data-template=terminal]').getByTestId('start');
    await start.waitFor();
    await page.context().clearCookies();
    expect((await ask('/graph', JSON.stringify({ query: '{ __typename }' }))).status).toBe(401);
    await start.click();
    await signInAgain();
    expect(await page.getByTestId('instance-card').count()).toBe(0);
  });

  test('a part of the page that does not come is fetched again, and one that stays away is offered anew', async () => {
    const other = await page.context().newPage();
    let refused = 0;
    let away = true;
    // Two parts: the browser keeps what came once. And one rule for both: a browser that is given another one may lose what is on its way.
    await other.route(/(terminal|desktop)-page-.*\.js/, (route) => {
      const refuse = route.request().url().includes('terminal-page') ? refused++ === 0 : away;
      return refuse ? route.abort() : route.continue();
    });
    await other.goto(`${lab.url}/terminal/tenant-student/none/terminal`);
    await says(other, 'This environment does not exist any more');
    expect(refused).toBeGreaterThan(1);
    await other.goto(`${lab.url}/desktop/tenant-student/none/desktop`);
    await says(other, 'This page could not be loaded');
    away = false;
    await other.getByTestId('reload').click();
    await says(other, 'This environment does not exist any more');
    await other.close();
  });

  test('a part of the page that is long in coming says so, and comes', async () => {
    const other = await page.context().newPage();
    const held = Promise.withResolvers<void>();
    await other.route(/desktop-page-.*\.js/, (route) => held.promise.then(() => route.continue()));
    await other.goto(`${lab.url}/desktop/tenant-student/none/desktop`);
    await says(other, 'This takes longer than usual');
    expect(await other.getByTestId('reload').isVisible()).toBe(true);
    await picture(other, 'long-in-coming');
    held.resolve();
    await says(other, 'This environment does not exist any more');
    await other.close();
  });

  test('a page that finds no server says so, and goes on by itself when one answers', async () => {
    const other = await page.context().newPage();
    await other.route('**/auth/me', (route) => route.abort());
    await other.goto(`${lab.url}/`);
    await says(other, 'CrownLabs does not answer');
    await other.unrouteAll();
    await other.getByTestId('template-card').first().waitFor();
    expect(await other.getByText('CrownLabs does not answer').count()).toBe(0);
    await other.close();
  });

  test('a session that was ended in another tab is said by itself', async () => {
    await page.goto(`${lab.url}/`);
    await page.getByTestId('template-card').first().waitFor();
    const other = await page.context().newPage();
    await other.goto(`${lab.url}/account`);
    expect(await other.evaluate("fetch('/auth/logout', { method: 'POST' }).then(({ status }) => status)")).toBe(204);
    await other.close();
    await signInAgain();
  });
});
