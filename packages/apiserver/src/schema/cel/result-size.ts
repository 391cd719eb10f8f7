import { CelFailure } from './value.ts';

const MOST_CHARACTERS = 16 * 1024 * 1024;
const MOST_ELEMENTS = 1_000_000;

/** Fails before a text is made that no budget foresaw: a few cheap steps could otherwise fill the memory. */
export function limitText(characters: number): void {
  if (characters > MOST_CHARACTERS) throw new CelFailure('result is too large');
}

/** Fails before a list is made that no budget foresaw. */
export function limitList(elements: number): void {
  if (elements > MOST_ELEMENTS) throw new CelFailure('result is too large');
}
