import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

const STYLE = `
:root { color-scheme: light dark; --ground: light-dark(#f4f5fb, #0f121b); --ink: light-dark(#161a2c, #eceff8); --soft: light-dark(#4d5670, #b2bad0); --accent: light-dark(#4050d6, #98a4ff); --on-accent: light-dark(#ffffff, #12152b); }
body { margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 1.5rem; box-sizing: border-box; font: 1rem/1.5 system-ui, "Noto Sans", sans-serif; color: var(--ink); background: var(--ground); }
main { max-width: 30rem; text-align: center; }
.code { font-size: .9375rem; font-weight: 650; letter-spacing: .08em; color: var(--soft); margin: 0 0 .5rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .75rem; }
p { margin: 0 0 1.5rem; color: var(--soft); overflow-wrap: anywhere; }
a { display: inline-block; padding: .7rem 1.4rem; border-radius: .75rem; font-weight: 650; text-decoration: none; color: var(--on-accent); background: var(--accent); }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
`;

// Asks in the background: a page that loads itself anew every other second cannot be read aloud.
const SCRIPT =
  "setInterval(()=>fetch(location.href,{method:'HEAD',cache:'no-store'}).then(({status})=>status===502||status===504||location.reload(),()=>0),2000)";
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const POLICY = `default-src 'none'; style-src ${hashOf(STYLE)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
const LOOKING_POLICY = `${POLICY}; script-src ${hashOf(SCRIPT)}; connect-src 'self'`;

interface Words {
  readonly title: string;
  /** Absent: the message of the failure. */
  readonly text?: string;
  /** A path on the product's origin; absent: this very page. */
  readonly link: { readonly path?: string; readonly text: string };
  /** Whether the page looks again by itself, and comes when it can. */
  readonly again?: true;
}

const HOME = { path: '/', text: 'Go to the start page' };
const WORDS: Readonly<Record<number, Words>> = {
  401: { title: 'Please sign in', text: 'Your sign-in has ended, or there was none.', link: { path: '/auth/login', text: 'Sign in' } },
  403: { title: 'Not yours to open', link: HOME },
  404: { title: 'Nothing here', link: HOME },
  502: {
    title: 'One moment',
    link: { text: 'Look again now' },
    again: true,
  },
  504: {
    title: 'No answer',
    text: 'It took too long to get an answer.',
    link: { text: 'Look again now' },
    again: true,
  },
};

const escape = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/**
 * Sends the page that explains `status`; its links lead to `origin`, the product's, also from the origin of an environment.
 * It needs no script; with one, a page that may come later comes by itself.
 */
export function refusalPage(response: ServerResponse, origin: string, { status, message }: { status: number; message: string }): void {
  const { title, text = message, link, again } = WORDS[status] ?? { title: 'This did not work', link: HOME };
  const words = again ? `${text} This page looks again by itself.` : text;
  const href = link.path === undefined ? '' : `${origin}${link.path}`;
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': again ? LOOKING_POLICY : POLICY,
    ...(again ? { 'retry-after': '2' } : {}),
  });
  response.end(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} · CrownLabs</title><style>${STYLE}</style></head>
<body><main><p class="code">${status}</p><h1>${escape(title)}</h1><p>${escape(words)}</p><a href="${escape(href)}">${escape(link.text)}</a></main>${again ? `<script>${SCRIPT}</script>` : ''}</body></html>
`);
}
