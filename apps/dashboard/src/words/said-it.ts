/** Sentences of the system about an environment, and the same in Italian. What is not here, such as the words of a server, stays as it is. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [/The (?:environment|machine) is being started\./, 'Avvio in corso.'],
  [/The environment has started and is getting ready\./, 'L’ambiente è avviato e si sta preparando.'],
  [/The machine has started and is getting ready\./, 'La macchina è avviata e si sta preparando.'],
  [/Loading the files of the exercise\./, 'Si caricano i file dell’esercitazione.'],
  [/The disk of the machine is being made: ([\d.]+%) are done\./, 'Il disco della macchina è in preparazione: fatto il $1.'],
  [/The disk of the machine is being made\./, 'Il disco della macchina è in preparazione.'],
  [/This is needed once\./, 'Serve una volta sola.'],
  [/The disk could not be made from (\S+): /, 'Impossibile creare il disco da $1: '],
  [/The disk could not be made: /, 'Impossibile creare il disco: '],
  [/The disk is put back to what it was in the snapshot (\S+)\./, 'Il disco torna com’era nell’istantanea $1.'],
  [
    /The disk of the machine is gone\. Delete the instance and make another one\./,
    'Il disco della macchina non c’è più. Elimina l’ambiente e creane un altro.',
  ],
  [/The machine was shut down from inside\./, 'La macchina è stata spenta dall’interno.'],
  [/Stop it here, then start it again\./, 'Fermala qui, poi avviala di nuovo.'],
  [/The machine needed more memory than it may have and was ended\b/, 'ha chiesto più memoria di quanta può averne ed è stata chiusa'],
  [/The machine crashes again and again/, 'La macchina va in crash di continuo'],
  [/The machine crashed/, 'La macchina è andata in crash'],
  [/The machine was ready and does not answer any more\./, 'La macchina era pronta e non risponde più.'],
  [/Look at its screen; if it is frozen, restart it\./, 'Guarda il suo schermo; se è bloccata, riavviala.'],
  [
    /The machine has rebooted (\d+) times by itself and was not ready in between\./,
    'La macchina si è riavviata da sola $1 volte senza mai diventare pronta.',
  ],
  [/Look at its screen for the reason\./, 'Guarda il suo schermo per capire perché.'],
  [/The machine is paused\./, 'La macchina è in pausa.'],
  [/The emulator was killed from outside\b/, 'l’emulatore è stato chiuso dall’esterno'],
  [/The image (\S+) is not here and cannot be fetched/, 'L’immagine $1 non c’è e non si può scaricare'],
  [/The image (\S+) is being built on this machine/, 'L’immagine $1 è in preparazione su questa macchina'],
  [/The environment starts when it is ready\./, 'L’ambiente parte appena è pronta.'],
  [
    /Waiting for a place on the machines? that runs? environments|Waiting for a place on the machine\b/,
    'In attesa di un posto sulle macchine',
  ],
  [/(?:The environment|It) starts as soon as others stop\./, 'Parte appena altri si fermano.'],
  [
    /Waiting until another of your instances has stopped completely: together they need more than you may use\./,
    'In attesa che un altro tuo ambiente si fermi del tutto: insieme superano quanto puoi usare.',
  ],
  [
    /Asleep: what was in its memory is kept, and takes none meanwhile\./,
    'Sospeso: il contenuto della memoria è conservato e intanto non ne occupa.',
  ],
  [
    /Off, kept in memory until (\S+?)\. Start it before then to find everything as you left it; afterwards, what is not on your personal drive is lost\./,
    'Fermo, conservato in memoria fino a $1. Avvialo prima per ritrovare tutto com’era; dopo, ciò che non è sul disco personale va perso.',
  ],
  [/It is tried again; if that does not help[,:] tell your teacher\./i, 'Si riprova; se non basta, avvisa il docente.'],
  [/It is tried again\./, 'Si riprova.'],
  [/Tell your teacher\./, 'Avvisa il docente.'],
];

/** What the system says of an environment, in Italian as far as it is known. */
export function saidInItalian(message: string): string {
  return SENTENCES.reduce((text, [sentence, italian]) => text.replace(sentence, italian), message).trim();
}
