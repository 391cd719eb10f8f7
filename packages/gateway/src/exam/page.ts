import type { ServerResponse } from 'node:http';

/** What a page of the exam agent says. */
export interface ExamPage {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  /** Look again in a moment. */
  readonly again?: boolean;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (it) => ESCAPES[it] ?? it);

/** A page without script or style from elsewhere, which may be shown inside the page of the platform that called. */
export function writePage(response: ServerResponse, { status, title, text, again = false }: ExamPage): void {
  const head = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    ...(again ? { refresh: '2' } : {}),
  };
  const style = 'body{font:1.1rem/1.5 system-ui,sans-serif;margin:20vh auto;max-width:32rem;padding:0 1rem;text-align:center}';
  response
    .writeHead(status, head)
    .end(
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title><style>${style}</style></head>` +
        `<body><h1>${escaped(title)}</h1><p role="status">${escaped(text)}</p></body></html>\n`,
    );
}
