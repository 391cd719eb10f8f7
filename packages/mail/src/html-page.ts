import type { Language, LetterFacts, Sentences } from './letter.ts';

const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const FONT = 'font-family:system-ui,-apple-system,"Segoe UI","Noto Sans",Helvetica,Arial,sans-serif';

/**
 * The mail as HTML. Mail programs know tables and inline styles and little else; nothing is loaded from anywhere, so nobody learns that it was read.
 * Its colours are those of the dashboard, light and dark.
 */
export function htmlPage(
  { subject, greeting, headline, paragraphs, keep, open, reason }: Sentences,
  { keepUrl, homeUrl, language }: LetterFacts & { readonly language: Language },
): string {
  const paragraph = (text: string) =>
    `<p class="ink" style="margin:0 0 16px;font-size:16px;line-height:1.55;color:#161a2c">${escaped(text)}</p>`;
  const button =
    keep && keepUrl
      ? `<p style="margin:28px 0 10px"><a class="button" href="${escaped(keepUrl)}" style="display:inline-block;padding:14px 28px;border-radius:12px;background:#4050d6;color:#ffffff;font-weight:650;font-size:16px;text-decoration:none">${escaped(keep.button)}</a></p>
<p class="soft" style="margin:0 0 24px;font-size:14px;line-height:1.5;color:#4d5670">${escaped(keep.hint)}</p>`
      : '';
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(subject)}</title>
<style>
@media (prefers-color-scheme: dark) {
  .ground { background: #0f121b !important; }
  .panel { background: #171b28 !important; border-color: #2a3045 !important; }
  .ink { color: #eceff8 !important; }
  .soft { color: #b2bad0 !important; }
  .link { color: #98a4ff !important; }
  .button { background: #98a4ff !important; color: #12152b !important; }
}
</style>
</head>
<body class="ground" style="margin:0;padding:0;background:#f4f5fb;${FONT}">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" class="ground" style="background:#f4f5fb">
<tr><td align="center" style="padding:32px 16px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px">
<tr><td class="ink" style="padding:0 4px 16px;font-size:18px;font-weight:700;color:#161a2c">CrownLabs</td></tr>
<tr><td class="panel" style="padding:32px;background:#ffffff;border:1px solid #dfe2ef;border-radius:16px">
<p class="soft" style="margin:0 0 8px;font-size:16px;color:#4d5670">${escaped(greeting)}</p>
<h1 class="ink" style="margin:0 0 20px;font-size:22px;line-height:1.3;color:#161a2c">${escaped(headline)}</h1>
${paragraphs.map(paragraph).join('\n')}
${button}
<p style="margin:0;font-size:15px"><a class="link" href="${escaped(homeUrl)}" style="color:#4050d6">${escaped(open)}</a></p>
</td></tr>
<tr><td class="soft" style="padding:16px 4px 0;font-size:13px;line-height:1.5;color:#4d5670">${escaped(reason)}</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`;
}
