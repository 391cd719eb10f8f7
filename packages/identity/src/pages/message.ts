import { html } from './html.ts';
import { notice, type Page } from './page.ts';

/** A page that says one thing and offers one way on. */
export function messagePage(message: { title: string; text: string; link?: { href: string; text: string } | undefined }): Page {
  const { title, text, link } = message;
  return { title, body: html`<h1>${title}</h1><p>${text}</p>${link && html`<a class="button" href="${link.href}">${link.text}</a>`}` };
}

/** Asks for the code that a terminal shows (device flow). */
export function deviceCodePage(form: { action: string; xsrf: string; code: string; problem?: string | undefined }): Page {
  return {
    title: form.problem ? 'Code not accepted' : 'Connect a terminal',
    body: html`<h1>Connect a terminal</h1>
<p>Type the code that your terminal shows.</p>
${notice(form.problem)}
<form method="post" action="${form.action}">
<input type="hidden" name="xsrf" value="${form.xsrf}">
<div class="field"><label for="code">Code</label>
<input class="code" id="code" name="user_code" value="${form.code}" autocomplete="off" autocapitalize="characters" spellcheck="false" required maxlength="20" autofocus></div>
<button type="submit">Continue</button>
</form>`,
  };
}

/** Asks whether the terminal with this code is really the reader's own. */
export function deviceConfirmPage(form: { action: string; xsrf: string; code: string; client: string }): Page {
  return {
    title: 'Is this your terminal?',
    body: html`<h1>Is this your terminal?</h1>
<p>If you say yes, ${form.client} acts in your name. Continue only if your own terminal shows exactly this code.</p>
<p class="code">${form.code}</p>
<form method="post" action="${form.action}">
<input type="hidden" name="xsrf" value="${form.xsrf}">
<input type="hidden" name="user_code" value="${form.code}">
<button type="submit" name="confirm" value="yes">Yes, connect it</button>
<button class="quiet" type="submit" name="abort" value="yes" formnovalidate>No, cancel</button>
</form>`,
  };
}

/** Asks whether to sign out (log-out that was not started by one of our own pages). */
export function signOutPage(form: { action: string; xsrf: string }): Page {
  return {
    title: 'Sign out',
    body: html`<h1>Sign out?</h1>
<p>This ends your sign-in on this browser.</p>
<form method="post" action="${form.action}">
<input type="hidden" name="xsrf" value="${form.xsrf}">
<button type="submit" name="logout" value="yes">Sign out</button>
</form>`,
  };
}
