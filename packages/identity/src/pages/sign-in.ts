import { html } from './html.ts';
import { notice, type Page } from './page.ts';

/** What the sign-in form shows. */
export interface SignInForm {
  readonly action: string;
  readonly name: string;
  readonly problem?: string | undefined;
  /** Who asks, where it is not the product's own page: `the crownlabs command`. */
  readonly forClient?: string | undefined;
  readonly passwordPage: string;
  readonly formTargets: readonly string[];
}

/** The sign-in page. */
export function signInPage(form: SignInForm): Page {
  const invalid = html`${form.problem ? html`aria-invalid="true" aria-describedby="notice"` : ''}`;
  return {
    title: form.problem ? 'Sign-in failed' : 'Sign in',
    formTargets: form.formTargets,
    body: html`<h1>Sign in</h1>
<p>${form.forClient ? `To continue with ${form.forClient}.` : 'Your lab environments are waiting.'}</p>
${notice(form.problem)}
<form method="post" action="${form.action}">
<div class="field"><label for="name">User name</label>
<input id="name" name="name" value="${form.name}" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="64" ${invalid} ${!form.name && 'autofocus'}></div>
<div class="field"><label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256" ${invalid} ${form.name !== '' && 'autofocus'}></div>
<button type="submit">Sign in</button>
</form>
<div class="links"><a href="${form.passwordPage}">Change password</a></div>`,
  };
}

/** What the password form shows. */
export interface PasswordForm {
  readonly action: string;
  readonly name: string;
  readonly problem?: string | undefined;
  readonly done?: boolean;
  readonly home: string;
}

/** The page on which people change their own password. It asks for the old one, so it needs no session. */
export function passwordPage(form: PasswordForm): Page {
  if (form.done) {
    return {
      title: 'Password changed',
      body: html`<h1>Password changed</h1>
${notice('Your new password is set. Sign in with it from now on, also where you were signed in before.', 'good')}
<a class="button" href="${form.home}">Sign in</a>`,
    };
  }
  return {
    title: form.problem ? 'Password not changed' : 'Change password',
    body: html`<h1>Change password</h1>
<p>At least 10 characters. A few unusual words in a row are easy to remember and hard to guess.</p>
${notice(form.problem)}
<form method="post" action="${form.action}">
<div class="field"><label for="name">User name</label>
<input id="name" name="name" value="${form.name}" autocomplete="username" autocapitalize="none" spellcheck="false" required maxlength="64" autofocus></div>
<div class="field"><label for="current">Current password</label>
<input id="current" name="current" type="password" autocomplete="current-password" required maxlength="256"></div>
<div class="field"><label for="new">New password</label>
<input id="new" name="new" type="password" autocomplete="new-password" required minlength="10" maxlength="256"></div>
<div class="field"><label for="again">New password again</label>
<input id="again" name="again" type="password" autocomplete="new-password" required minlength="10" maxlength="256"></div>
<button type="submit">Change password</button>
</form>
<div class="links"><a href="${form.home}">Back to sign-in</a></div>`,
  };
}
