const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** A new name as the API would generate it; chosen here so that the page can show the object before the answer is there. */
export function generatedName(prefix: string): string {
  const random = crypto.getRandomValues(new Uint8Array(5));
  return prefix + Array.from(random, (byte) => LETTERS[byte % LETTERS.length]).join('');
}

/** The initials of a name, for a round picture. */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter((word) => word !== '');
  return [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => word?.charAt(0).toUpperCase() ?? '').join('');
}
