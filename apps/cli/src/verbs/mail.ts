import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { LANGUAGES, type Language, LETTERS, type LetterName, renderLetter, sampleFacts } from '@crownlabs/mail';
import { LabError } from '@crownlabs/std';

/** Prints a mail as it would be sent, or writes mails into a folder as `.txt` and `.html`. Without a name: all of them. */
export async function previewMail(name: string | undefined, { lang, into }: { lang?: string; into?: string }): Promise<void> {
  const names = name === undefined ? LETTERS : [letterNamed(name)];
  const languages = lang === undefined ? (into === undefined ? (['en'] as const) : LANGUAGES) : [languageNamed(lang)];
  const letters = names.flatMap((one) => languages.map((language) => ({ one, language, ...render(one, language) })));
  if (into === undefined) {
    process.stdout.write(
      letters.map(({ one, language, subject, text, html }) => `# ${one}, ${language}\n${subject}\n\n${text}\n${html}`).join('\n'),
    );
    return;
  }
  await mkdir(into, { recursive: true });
  const written: string[] = [];
  for (const { one, language, subject, text, html } of letters) {
    const path = join(into, `${one}.${language}`);
    await writeFile(`${path}.txt`, `${subject}\n\n${text}`);
    await writeFile(`${path}.html`, html);
    written.push(`${path}.html`, `${path}.txt`);
  }
  process.stdout.write(`${written.join('\n')}\n`);
}

function render(name: LetterName, language: Language) {
  return renderLetter(name, sampleFacts(name, Date.now()), { language });
}

function letterNamed(name: string): LetterName {
  const found = LETTERS.find((letter) => letter === name);
  if (!found) throw new LabError('Invalid', `There is no mail ${name}. There are: ${LETTERS.join(', ')}.`);
  return found;
}

function languageNamed(name: string): Language {
  const found = LANGUAGES.find((language) => language === name);
  if (!found) throw new LabError('Invalid', `Mails are written in ${LANGUAGES.join(' and ')}, not in ${name}.`);
  return found;
}
