export { LANGUAGES, type Language, LETTERS, type LetterFacts, type LetterName } from './letter.ts';
export { languageOf, type RenderedLetter, type RenderOptions, renderLetter } from './render.ts';
export { sampleFacts } from './samples.ts';
export { type Mailer, type MailMessage, type SmtpConfig, smtpMailer } from './smtp.ts';
