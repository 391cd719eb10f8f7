import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

/** What the page says. */
export type KeepSaying = 'ask' | 'kept' | 'over' | 'notYours' | 'gone' | 'unreadable';

interface Words {
  readonly title: string;
  readonly text: string;
}

type Language = 'en' | 'it';

interface Wording {
  readonly sayings: Readonly<Record<KeepSaying, (name: string) => Words>>;
  readonly keep: string;
  readonly home: string;
}

const WORDINGS: Readonly<Record<Language, Wording>> = {
  en: {
    keep: 'Keep it',
    home: 'Go to the start page',
    sayings: {
      ask: (name) => ({ title: `Keep ${name}?`, text: 'It gets its whole time again, from now. One click is enough.' }),
      kept: (name) => ({ title: `${name} is kept`, text: 'It has its whole time again. You need not do anything else.' }),
      over: (name) => ({
        title: 'This link has done its work',
        text: `Every link works once. ${name} was kept or used since the mail was written, so nothing is to be done.`,
      }),
      notYours: () => ({
        title: 'This link is somebody else’s',
        text: 'Only the person who got the mail can use it. If that was you, sign out and sign in with that account.',
      }),
      gone: () => ({ title: 'It is no longer there', text: 'The environment that this link would keep was deleted.' }),
      unreadable: () => ({
        title: 'This link is not whole',
        text: 'Perhaps your mail program has broken it in two. Copy all of it from the mail.',
      }),
    },
  },
  it: {
    keep: 'Conservalo',
    home: 'Vai alla pagina iniziale',
    sayings: {
      ask: (name) => ({ title: `Conservare ${name}?`, text: 'Riavrà da adesso tutto il suo tempo. Basta un clic.' }),
      kept: (name) => ({ title: `${name} è conservato`, text: 'Ha di nuovo tutto il suo tempo. Non devi fare altro.' }),
      over: (name) => ({
        title: 'Questo link ha già fatto il suo lavoro',
        text: `Ogni link funziona una volta sola. Da quando il messaggio è stato scritto, ${name} è stato conservato o usato: non c’è altro da fare.`,
      }),
      notYours: () => ({
        title: 'Questo link è di un’altra persona',
        text: 'Può usarlo solo chi ha ricevuto il messaggio. Se sei tu, esci e accedi con quell’account.',
      }),
      gone: () => ({ title: 'Non c’è più', text: 'L’ambiente che questo link avrebbe conservato è stato eliminato.' }),
      unreadable: () => ({
        title: 'Questo link non è completo',
        text: 'Forse il programma di posta lo ha spezzato. Copialo per intero dal messaggio.',
      }),
    },
  },
};

const STATUS: Readonly<Record<KeepSaying, number>> = { ask: 200, kept: 200, over: 410, notYours: 403, gone: 410, unreadable: 404 };

const STYLE = `
:root { color-scheme: light dark; --ground: light-dark(#f4f5fb, #0f121b); --ink: light-dark(#161a2c, #eceff8); --soft: light-dark(#4d5670, #b2bad0); --accent: light-dark(#4050d6, #98a4ff); --on-accent: light-dark(#ffffff, #12152b); }
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; padding: 1.5rem; box-sizing: border-box; font: 1rem/1.5 system-ui, "Noto Sans", sans-serif; color: var(--ink); background: var(--ground); }
main { max-width: 30rem; text-align: center; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .75rem; overflow-wrap: anywhere; }
p { margin: 0 0 1.5rem; color: var(--soft); overflow-wrap: anywhere; }
button, a { font: inherit; display: inline-block; padding: .7rem 1.4rem; border: 0; border-radius: .75rem; font-weight: 650; text-decoration: none; color: var(--on-accent); background: var(--accent); cursor: pointer; }
a.quiet { background: none; color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The first of our languages that the browser asks for. */
export function pageLanguage(accepted: string | undefined): Language {
  const wanted = (accepted ?? '').split(',').map((part) => part.trim().slice(0, 2).toLowerCase());
  return wanted.find((part): part is Language => part === 'en' || part === 'it') ?? 'en';
}

/** Sends the page. It needs no script; its one button sends a form to the address that it is at. */
export function keepPage(response: ServerResponse, saying: KeepSaying, { name, language }: { name: string; language: Language }): void {
  const { sayings, keep, home } = WORDINGS[language];
  const { title, text } = sayings[saying](name);
  const act =
    saying === 'ask'
      ? `<form method="post"><button type="submit">${escaped(keep)}</button></form><p></p><a class="quiet" href="/">${escaped(home)}</a>`
      : `<a href="/">${escaped(home)}</a>`;
  response.writeHead(STATUS[saying], {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-language': language,
    'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  });
  response.end(`<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · CrownLabs</title><style>${STYLE}</style></head>
<body><main data-saying="${saying}"><h1>${escaped(title)}</h1><p>${escaped(text)}</p>${act}</main></body></html>
`);
}
