/** A text as a row of code points. */
export interface CodePoints {
  readonly length: number;
  slice(from: number, to?: number): string;
  /** How many code points `before`, a beginning of the text, has. */
  count(before: string): number;
}

function read(text: string): CodePoints {
  // Most texts have no surrogates: then positions are those of the string itself.
  if (!/[\ud800-\udfff]/.test(text))
    return { length: text.length, slice: (from, to) => text.slice(from, to), count: (before) => before.length };
  const points = Array.from(text);
  return { length: points.length, slice: (from, to) => points.slice(from, to).join(''), count: (before) => Array.from(before).length };
}

let last: { readonly text: string; readonly points: CodePoints } = { text: '', points: read('') };

/** The code points of a text. The last text is remembered: loops ask for the same one again and again. */
export function codePoints(text: string): CodePoints {
  if (last.text !== text) last = { text, points: read(text) };
  return last.points;
}
