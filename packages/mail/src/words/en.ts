import type { Wording } from '../letter.ts';

const KEEP = {
  button: 'Keep it',
  hint: 'The link works once, for you alone, after you have signed in.',
};
const DRIVE = 'Files in MyDrive are not touched.';

/** Mails in English. */
export const en: Wording = {
  locale: 'en-GB',
  greeting: (person) => (person === '' ? 'Hello,' : `Hello ${person},`),
  open: 'Open CrownLabs',
  reason: ({ instance }) => `You get this mail because the environment ${instance} is yours.`,
  letters: {
    'inactivity-warning': ({ environment, template, persistent }, { when, left }) => ({
      subject: persistent ? `${environment} will be switched off in ${left}` : `${environment} will be deleted in ${left}`,
      headline: `Nobody has used ${environment} for a while.`,
      paragraphs: persistent
        ? [
            `If it stays unused, it is switched off on ${when}. Its disk is kept, and you can start it again at any time; programs that are open are closed.`,
            `It is a copy of ${template}. Opening it is enough to keep it on; so is the button below.`,
          ]
        : [
            `If it stays unused, it is deleted on ${when}, because it has no disk that could be kept. What is in it is lost then. ${DRIVE}`,
            `It is a copy of ${template}. Opening it is enough to keep it; so is the button below.`,
          ],
      keep: KEEP,
    }),
    'inactivity-stopped': ({ environment, template }) => ({
      subject: `${environment} was switched off`,
      headline: `${environment} was switched off, because nobody used it.`,
      paragraphs: [`Its disk is kept. Start it again whenever you need it; it is a copy of ${template}.`],
    }),
    'inactivity-deleted': ({ environment, template }) => ({
      subject: `${environment} was deleted`,
      headline: `${environment} was deleted, because nobody used it.`,
      paragraphs: [`It had no disk of its own. ${DRIVE} You can start a new copy of ${template} at any time.`],
    }),
    'destruction-warning': ({ environment, template }, { when, left }) => ({
      subject: `${environment} and its disk will be deleted in ${left}`,
      headline: `${environment} has been off for a long time.`,
      paragraphs: [
        `If nobody starts it, it is deleted on ${when}, with its disk and everything on it. This cannot be undone. ${DRIVE}`,
        `It is a copy of ${template}. Starting it once is enough to keep it; so is the button below.`,
      ],
      keep: KEEP,
    }),
    destruction: ({ environment, template }) => ({
      subject: `${environment} was deleted`,
      headline: `${environment} was deleted with its disk, because nobody had started it for a long time.`,
      paragraphs: [`${DRIVE} You can start a new copy of ${template} at any time.`],
    }),
    'expiration-warning': ({ environment, template, keepUrl }, { when, left }) => ({
      subject: `${environment} expires in ${left}`,
      headline: `The time of ${environment} is nearly over.`,
      paragraphs: [
        `Copies of ${template} live for a limited time. This one is deleted on ${when}, with everything in it. Save elsewhere what you want to keep. ${DRIVE}`,
        ...(keepUrl === undefined
          ? ['It was kept once already, so this time it cannot be kept again.']
          : ['If you still need it, you can give it its time once more.']),
      ],
      ...(keepUrl === undefined ? {} : { keep: KEEP }),
    }),
    expiration: ({ environment, template }) => ({
      subject: `${environment} has expired and was deleted`,
      headline: `The time of ${environment} is over, and it was deleted.`,
      paragraphs: [`${DRIVE} You can start a new copy of ${template} at any time.`],
    }),
  },
};
