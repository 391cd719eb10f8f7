import type { Wording } from '../letter.ts';

const KEEP = {
  button: 'Conservalo',
  hint: 'Il link funziona una sola volta e solo per te, dopo che hai effettuato l’accesso.',
};
const DRIVE = 'I file in MyDrive non vengono toccati.';

/** Mails in Italian. */
export const it: Wording = {
  locale: 'it-IT',
  greeting: (person) => (person === '' ? 'Ciao,' : `Ciao ${person},`),
  open: 'Apri CrownLabs',
  reason: ({ instance }) => `Ricevi questo messaggio perché l’ambiente ${instance} è tuo.`,
  letters: {
    'inactivity-warning': ({ environment, template, persistent }, { when, left }) => ({
      subject: persistent ? `${environment} verrà spento tra ${left}` : `${environment} verrà eliminato tra ${left}`,
      headline: `Da un po’ nessuno usa ${environment}.`,
      paragraphs: persistent
        ? [
            `Se resta inutilizzato, verrà spento il ${when}. Il suo disco viene conservato e potrai riavviarlo quando vuoi; i programmi aperti vengono chiusi.`,
            `È una copia di ${template}. Per tenerlo acceso basta aprirlo, oppure premere il pulsante qui sotto.`,
          ]
        : [
            `Se resta inutilizzato, verrà eliminato il ${when}, perché non ha un disco da conservare. Ciò che contiene andrà perso. ${DRIVE}`,
            `È una copia di ${template}. Per conservarlo basta aprirlo, oppure premere il pulsante qui sotto.`,
          ],
      keep: KEEP,
    }),
    'inactivity-stopped': ({ environment, template }) => ({
      subject: `${environment} è stato spento`,
      headline: `${environment} è stato spento, perché nessuno lo usava.`,
      paragraphs: [`Il suo disco è conservato. Riavvialo quando ti serve; è una copia di ${template}.`],
    }),
    'inactivity-deleted': ({ environment, template }) => ({
      subject: `${environment} è stato eliminato`,
      headline: `${environment} è stato eliminato, perché nessuno lo usava.`,
      paragraphs: [`Non aveva un disco proprio. ${DRIVE} Puoi avviare in ogni momento una nuova copia di ${template}.`],
    }),
    'destruction-warning': ({ environment, template }, { when, left }) => ({
      subject: `${environment} e il suo disco verranno eliminati tra ${left}`,
      headline: `${environment} è spento da molto tempo.`,
      paragraphs: [
        `Se nessuno lo avvia, verrà eliminato il ${when}, con il suo disco e tutto ciò che vi si trova. L’operazione non si può annullare. ${DRIVE}`,
        `È una copia di ${template}. Per conservarlo basta avviarlo una volta, oppure premere il pulsante qui sotto.`,
      ],
      keep: KEEP,
    }),
    destruction: ({ environment, template }) => ({
      subject: `${environment} è stato eliminato`,
      headline: `${environment} è stato eliminato con il suo disco, perché nessuno lo avviava da molto tempo.`,
      paragraphs: [`${DRIVE} Puoi avviare in ogni momento una nuova copia di ${template}.`],
    }),
    'expiration-warning': ({ environment, template, keepUrl }, { when, left }) => ({
      subject: `${environment} scade tra ${left}`,
      headline: `Il tempo di ${environment} sta per finire.`,
      paragraphs: [
        `Le copie di ${template} durano un tempo limitato. Questa verrà eliminata il ${when}, con tutto ciò che contiene. Salva altrove quello che vuoi conservare. ${DRIVE}`,
        ...(keepUrl === undefined
          ? ['È già stata conservata una volta, perciò questa volta non può essere prolungata.']
          : ['Se ti serve ancora, puoi darle di nuovo tutto il suo tempo.']),
      ],
      ...(keepUrl === undefined ? {} : { keep: KEEP }),
    }),
    expiration: ({ environment, template }) => ({
      subject: `${environment} è scaduto ed è stato eliminato`,
      headline: `Il tempo di ${environment} è finito, ed è stato eliminato.`,
      paragraphs: [`${DRIVE} Puoi avviare in ogni momento una nuova copia di ${template}.`],
    }),
  },
};
