import { initials } from '../lab/names.ts';

/** The initials of a person in a circle. A picture, not a text: the name stands beside it, or is the label of the button around it. */
export function Avatar({ name, small }: { name: string; small?: boolean }) {
  return <span className={small ? 'avatar small' : 'avatar'} aria-hidden="true" data-initials={initials(name)} />;
}
