import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, LabError, type Logger, messageOf } from '@crownlabs/std';
import type { Provider } from 'oidc-provider';
import type { Accounts } from './accounts.ts';
import { readForm } from './form.ts';
import type { GrantStore } from './grants.ts';
import { messagePage } from './pages/message.ts';
import { type Page, sendPage } from './pages/page.ts';
import { passwordPage, signInPage } from './pages/sign-in.ts';
import { CLI_CLIENT } from './provider.ts';
import type { SignInLimits } from './sign-in-limits.ts';

/** What the sign-in pages work with. */
export interface SignInParts {
  readonly issuer: URL;
  readonly provider: Provider;
  readonly accounts: Accounts;
  readonly grants: GrantStore;
  readonly limits: SignInLimits;
  readonly clock: Clock;
  readonly log: Logger;
}

// One text for a wrong password and for a name that nobody has: the page must not tell which names exist.
const WRONG = 'User name or password is wrong. Check both and try again.';

/** Answers `/interaction/<uid>`: the sign-in form, and what comes back from it. */
export async function signIn(parts: SignInParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const interaction = await pendingInteraction(parts, request, response);
  if (!interaction) return sendPage(response, 400, overPage(parts.issuer));
  const { uid, params } = interaction;
  const action = `${parts.issuer.href}/interaction/${uid}`;
  const show = (status: number, name: string, problem?: string) =>
    sendPage(
      response,
      status,
      signInPage({
        action,
        name,
        problem,
        forClient: params['client_id'] === CLI_CLIENT ? 'the crownlabs command' : undefined,
        passwordPage: `${parts.issuer.href}/password`,
        formTargets: formTargets(params['redirect_uri'], parts.issuer),
      }),
    );
  if (request.method !== 'POST') return show(200, textOf(params['login_hint']));

  const form = await readForm(request, parts.issuer);
  const name = nameIn(form);
  const verdict = await check(parts, request, { name, password: form.get('password') ?? '' });
  if (verdict !== true) return show(verdict.status, name, verdict.problem);
  await noteSignIn(parts, name);
  await parts.provider.interactionFinished(
    request,
    response,
    { login: { accountId: name, amr: ['pwd'] } },
    { mergeWithLastSubmission: false },
  );
}

/** Answers `/password`: people change their own password, knowing the old one. */
export async function changePassword(parts: SignInParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const action = `${parts.issuer.href}/password`;
  const home = `${parts.issuer.origin}/`;
  const show = (status: number, name: string, problem?: string) =>
    sendPage(response, status, passwordPage({ action, home, name, problem }));
  if (request.method !== 'POST') return show(200, '');

  const form = await readForm(request, parts.issuer);
  const name = nameIn(form);
  const wanted = form.get('new') ?? '';
  if (wanted !== form.get('again')) return show(422, name, 'The new password was not typed the same way twice.');
  const verdict = await check(parts, request, { name, password: form.get('current') ?? '' });
  if (verdict !== true) return show(verdict.status, name, verdict.problem);
  try {
    await parts.accounts.setPassword(name, wanted);
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== 'Invalid') throw error;
    return show(422, name, error.message);
  }
  // Whoever knew the old password is signed out with it.
  parts.grants.forgetAccount(name);
  parts.log.info('Password changed', { account: name });
  sendPage(response, 200, passwordPage({ action, home, name, done: true }));
}

async function check(
  { accounts, limits, log }: SignInParts,
  request: IncomingMessage,
  { name, password }: { name: string; password: string },
): Promise<true | { status: number; problem: string }> {
  const address = addressOf(request);
  const wait = limits.waitFor(name, address);
  if (wait > 0) {
    log.warn('Sign-in refused while locked', { account: name, address });
    const minutes = Math.ceil(wait / 60_000);
    return { status: 429, problem: `Too many attempts. Try again in ${minutes === 1 ? 'one minute' : `${minutes} minutes`}.` };
  }
  if (await accounts.verify(name, password)) {
    limits.succeeded(name, address);
    log.info('Signed in', { account: name, address });
    return true;
  }
  limits.failed(name, address);
  log.warn('Sign-in failed', { account: name, address });
  return { status: 401, problem: WRONG };
}

async function noteSignIn({ accounts, log }: SignInParts, name: string): Promise<void> {
  try {
    await accounts.signedIn(name);
  } catch (error) {
    // The person is who he says he is; a note that could not be written must not keep him out.
    log.warn('Time of sign-in was not noted on the Tenant', { account: name, error: messageOf(error) });
  }
}

async function pendingInteraction({ provider }: SignInParts, request: IncomingMessage, response: ServerResponse) {
  try {
    const details = await provider.interactionDetails(request, response);
    const uid = (request.url ?? '').split(/[/?]/)[2];
    return details.uid === uid && details.prompt.name === 'login' ? details : undefined;
  } catch {
    return undefined;
  }
}

/** Chromium holds the redirects after a form to the form's own targets, so a loopback client must be among them. */
function formTargets(redirectUri: unknown, issuer: URL): readonly string[] {
  const target = typeof redirectUri === 'string' ? URL.parse(redirectUri) : null;
  return target && target.origin !== issuer.origin ? [target.origin] : [];
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : '');

const nameIn = (form: URLSearchParams) => (form.get('name') ?? '').trim().toLowerCase().slice(0, 64);

/** The edge writes the caller's address as the last entry; earlier ones come from outside and prove nothing. */
function addressOf(request: IncomingMessage): string {
  const forwarded = request.headers['x-forwarded-for'];
  const last = String(forwarded ?? '')
    .split(',')
    .at(-1)
    ?.trim();
  return last || (request.socket.remoteAddress ?? 'local');
}

function overPage(issuer: URL): Page {
  return messagePage({
    title: 'This sign-in is over',
    text: 'It was finished already, or stayed open for more than an hour.',
    link: { href: `${issuer.origin}/`, text: 'Start again' },
  });
}
