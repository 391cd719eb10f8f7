/** A key of a machine's keyboard, by its place, and what must be held with it. */
export interface Stroke {
  readonly code: string;
  readonly shift: boolean;
  readonly altGr: boolean;
  /** Writes nothing before the next key: a space lets it stand alone. */
  readonly dead: boolean;
}

/** Keyboards that a machine may think it has. */
export const LAYOUTS = ['us', 'gb', 'it', 'de', 'fr', 'es'] as const;

/** A keyboard that a machine may think it has. */
export type LayoutName = (typeof LAYOUTS)[number];

const each = (row: string, prefix: string) => row.split('').map((character) => prefix + character);
/** The places of the 48 keys that write, from the top left. */
const PLACES = [
  'Backquote',
  ...each('1234567890', 'Digit'),
  'Minus',
  'Equal',
  ...each('QWERTYUIOP', 'Key'),
  'BracketLeft',
  'BracketRight',
  ...each('ASDFGHJKL', 'Key'),
  'Semicolon',
  'Quote',
  'Backslash',
  'IntlBackslash',
  ...each('ZXCVBNM', 'Key'),
  'Comma',
  'Period',
  'Slash',
];

interface Keyboard {
  readonly plain: string;
  readonly shifted: string;
  /** With AltGr, by place; a second character is what Shift makes of it. */
  readonly altGr: Readonly<Record<string, string>>;
  readonly dead: string;
}

/** What keys write, in the order of the places; a space where a key writes nothing of its own. https://gitlab.freedesktop.org/xkeyboard-config */
const KEYBOARDS: Readonly<Record<LayoutName, Keyboard>> = {
  us: {
    plain: "`1234567890-=qwertyuiop[]asdfghjkl;'\\ zxcvbnm,./",
    shifted: '~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"| ZXCVBNM<>?',
    altGr: {},
    dead: '',
  },
  gb: {
    plain: "`1234567890-=qwertyuiop[]asdfghjkl;'#\\zxcvbnm,./",
    shifted: '¬!"£$%^&*()_+QWERTYUIOP{}ASDFGHJKL:@~|ZXCVBNM<>?',
    altGr: { Digit4: '€' },
    dead: '',
  },
  it: {
    plain: "\\1234567890'ìqwertyuiopè+asdfghjklòàù<zxcvbnm,.-",
    shifted: '|!"£$%&/()=?^QWERTYUIOPé*ASDFGHJKLç°§>ZXCVBNM;:_',
    altGr: { Semicolon: '@', Quote: '#', BracketLeft: '[{', BracketRight: ']}', KeyE: '€', Minus: '`', Equal: '~' },
    dead: '',
  },
  de: {
    plain: '^1234567890ß´qwertzuiopü+asdfghjklöä#<yxcvbnm,.-',
    shifted: '°!"§$%&/()=?`QWERTZUIOPÜ*ASDFGHJKLÖÄ\'>YXCVBNM;:_',
    altGr: {
      KeyQ: '@',
      KeyE: '€',
      Digit7: '{',
      Digit8: '[',
      Digit9: ']',
      Digit0: '}',
      Minus: '\\',
      BracketRight: '~',
      IntlBackslash: '|',
    },
    dead: '^´`',
  },
  fr: {
    plain: '²&é"\'(-è_çà)=azertyuiop^$qsdfghjklmù*<wxcvbn,;:!',
    shifted: ' 1234567890°+AZERTYUIOP¨£QSDFGHJKLM%µ>WXCVBN?./§',
    altGr: {
      Digit2: '~',
      Digit3: '#',
      Digit4: '{',
      Digit5: '[',
      Digit6: '|',
      Digit7: '`',
      Digit8: '\\',
      Digit9: '^',
      Digit0: '@',
      Minus: ']',
      Equal: '}',
      KeyE: '€',
    },
    dead: '¨',
  },
  es: {
    plain: "º1234567890'¡qwertyuiop`+asdfghjklñ´ç<zxcvbnm,.-",
    shifted: 'ª!"·$%&/()=?¿QWERTYUIOP^*ASDFGHJKLÑ¨Ç>ZXCVBNM;:_',
    altGr: {
      Backquote: '\\',
      Digit1: '|',
      Digit2: '@',
      Digit3: '#',
      Digit4: '~',
      KeyE: '€',
      BracketLeft: '[',
      BracketRight: ']',
      Quote: '{',
      Backslash: '}',
    },
    dead: '`^´¨',
  },
};

/** The strokes that write each character on a keyboard. */
export function strokesOf(name: LayoutName): ReadonlyMap<string, Stroke> {
  const { plain, shifted, altGr, dead } = KEYBOARDS[name];
  const strokes = new Map<string, Stroke>();
  const add = (character: string | undefined, code: string, held: { shift: boolean; altGr: boolean }) => {
    // The first place wins, and with AltGr keys write at once what is dead elsewhere.
    if (character === undefined || character === ' ' || strokes.has(character)) return;
    strokes.set(character, { code, ...held, dead: !held.altGr && dead.includes(character) });
  };
  for (const [code, characters] of Object.entries(altGr)) {
    add(characters[0], code, { shift: false, altGr: true });
    add(characters[1], code, { shift: true, altGr: true });
  }
  for (const [at, code] of PLACES.entries()) {
    add(plain[at], code, { shift: false, altGr: false });
    add(shifted[at], code, { shift: true, altGr: false });
  }
  return strokes.set(' ', { code: 'Space', shift: false, altGr: false, dead: false });
}
