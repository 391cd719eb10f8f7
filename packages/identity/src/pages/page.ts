import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Html, html } from './html.ts';
import { STYLE } from './style.ts';

/** A whole page, ready to be sent. */
export interface Page {
  readonly title: string;
  readonly body: Html;
  /** Where its forms may lead, beside this origin; redirects after a form count as well. */
  readonly formTargets?: readonly string[];
}

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

// Ours: a crown whose three points are the tops of three screens.
const CROWN = new Html(
  '<svg viewBox="0 0 32 32" aria-hidden="true" focusable="false"><path d="M4 24 2.5 9.5l7.5 5L16 5l6 9.5 7.5-5L28 24Z" fill="currentColor"/><rect x="4" y="26" width="24" height="2.6" rx="1.3" fill="currentColor"/></svg>',
);

/** The document of `page`. Works without script, and allows none. */
export function documentOf({ title, body }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · CrownLabs</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
<div class="brand">${CROWN}<span>CrownLabs</span></div>
${body}
</main>
</body>
</html>
`.toString();
}

/** Headers of every page of ours. */
export function pageHeaders(formTargets: readonly string[] = []): Record<string, string> {
  const forms = ["'self'", ...formTargets].join(' ');
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action ${forms}; base-uri 'none'; frame-ancestors 'none'`,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
}

/** Sends `page`. */
export function sendPage(response: ServerResponse, status: number, page: Page): void {
  response.writeHead(status, pageHeaders(page.formTargets)).end(documentOf(page));
}

/** A message above a form. Read out by a screen reader as soon as the page is there. */
export function notice(text: string | undefined, kind: 'problem' | 'good' = 'problem'): Html | undefined {
  if (!text) return undefined;
  return html`<div class="notice ${kind === 'good' && 'good'}" role="${kind === 'good' ? 'status' : 'alert'}" id="notice">${text}</div>`;
}
