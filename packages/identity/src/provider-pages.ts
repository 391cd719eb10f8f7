import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import { deviceCodePage, deviceConfirmPage, messagePage, signOutPage } from './pages/message.ts';
import { documentOf, type Page, pageHeaders } from './pages/page.ts';

/** The pages that the provider asks for in the middle of its own work. */
export function pageSources(issuer: URL) {
  const home = `${issuer.origin}/`;
  const xsrf = (ctx: KoaContextWithOIDC) => {
    const secret = ctx.oidc.session?.state?.['secret'];
    return typeof secret === 'string' ? secret : '';
  };
  const send = (ctx: KoaContextWithOIDC, page: Page) => {
    ctx.set(pageHeaders(page.formTargets));
    ctx.body = documentOf(page);
  };
  return {
    error: (ctx: KoaContextWithOIDC, out: ErrorOut) => send(ctx, errorPage(out, home)),
    signOut: (ctx: KoaContextWithOIDC) => send(ctx, signOutPage({ action: `${issuer.href}/session/end/confirm`, xsrf: xsrf(ctx) })),
    signedOut: (ctx: KoaContextWithOIDC) =>
      send(
        ctx,
        messagePage({ title: 'Signed out', text: 'You are signed out of this browser.', link: { href: home, text: 'Sign in again' } }),
      ),
    deviceCode: (ctx: KoaContextWithOIDC, _form: string, out?: ErrorOut, error?: Error) =>
      send(
        ctx,
        deviceCodePage({
          action: `${issuer.href}/device`,
          xsrf: xsrf(ctx),
          code: typed(ctx),
          problem: out || error ? codeProblem(error) : undefined,
        }),
      ),
    deviceConfirm: (ctx: KoaContextWithOIDC, ...[, client, , code]: [string, { clientName?: string | undefined }, unknown, string]) =>
      send(ctx, deviceConfirmPage({ action: `${issuer.href}/device`, xsrf: xsrf(ctx), code, client: client.clientName ?? 'A program' })),
    deviceDone: (ctx: KoaContextWithOIDC) =>
      send(ctx, messagePage({ title: 'Connected', text: 'Your terminal is signed in. You may close this page.' })),
  };
}

/** What was typed before, to be corrected rather than typed anew. */
function typed(ctx: KoaContextWithOIDC): string {
  const code = ctx.oidc.params?.['user_code'];
  return typeof code === 'string' ? code.slice(0, 20) : '';
}

function codeProblem(error: Error | undefined): string {
  switch (error?.name) {
    case 'ExpiredError':
      return 'This code has expired. Start again in your terminal.';
    case 'AlreadyUsedError':
      return 'This code was used already. Start again in your terminal.';
    case 'AbortedError':
      return 'Cancelled. Nothing was connected.';
    default:
      return 'No terminal waits with this code. Check it and try again.';
  }
}

// What a person can do about it; the exact words are for developers and go to the log.
function errorPage({ error }: ErrorOut, home: string): Page {
  const link = { href: home, text: 'Start again' };
  if (error === 'server_error' || error === 'temporarily_unavailable') {
    return messagePage({ title: 'Sign-in is not working', text: 'Something failed on our side. Please try again in a moment.', link });
  }
  return messagePage({
    title: 'This sign-in cannot go on',
    text: 'It was left open for too long, was finished in another tab, or its address was changed on the way.',
    link,
  });
}
