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

// The product's own mark: a crown over the line of a flask.
const MARK = new Html(
  '<svg viewBox="0 0 32 32" aria-hidden="true" focusable="false"><rect width="32" height="32" rx="8.5" fill="#4050d6"/><path d="M8 20.5 6.9 11l4.9 3.6L16 8l4.2 6.6L25.1 11 24 20.5Z" fill="#fff"/><rect x="8" y="22.4" width="16" height="2.2" rx="1.1" fill="#7fe3d0"/></svg>',
);

/** The document of `page`. Works without script, and allows none. */
export function documentOf({ title, body }: Page): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<title>${title} · CrownLabs</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<main>
<div class="brand">${MARK}<span>CrownLabs</span></div>
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
    'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; img-src 'self'; form-action ${forms}; base-uri 'none'; frame-ancestors 'none'`,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    // Not `no-referrer`: under it browsers hide the origin of our own forms as well.
    'referrer-policy': 'same-origin',
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
