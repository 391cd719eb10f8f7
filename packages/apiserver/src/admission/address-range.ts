import { randomInt } from 'node:crypto';
import { LabError } from '@crownlabs/std';

/** Numbers from `first` to `last`, each held by one owner at a time. */
export interface Pool {
  readonly first: number;
  readonly last: number;
  has(value: number): boolean;
  ownerOf(value: number): string | undefined;
  hold(value: number, owner: string): void;
  release(value: number, owner: string): void;
  /** One that nobody holds; `undefined` when all are taken. */
  free(): number | undefined;
}

/** A pool in which nothing is held. */
export function pool(first: number, last: number): Pool {
  const owners = new Map<number, string>();
  return {
    first,
    last,
    has: (value) => value >= first && value <= last,
    ownerOf: (value) => owners.get(value),
    hold: (value, owner) => void owners.set(value, owner),
    release: (value, owner) => {
      if (owners.get(value) === owner) owners.delete(value);
    },
    free: () => {
      const size = last - first + 1;
      // A random start: an address that was just given back is not handed out at once to somebody else.
      const start = randomInt(size);
      for (let step = 0; step < size; step += 1) {
        const value = first + ((start + step) % size);
        if (!owners.has(value)) return value;
      }
      return undefined;
    },
  };
}

/** The usable addresses of an IPv4 range such as `10.0.0.0/24`, as numbers: without the first (the network) and the last. */
export function addressPool(cidr: string): Pool {
  const [address = '', bits = ''] = cidr.split('/');
  const base = addressNumber(address);
  const size = 2 ** (32 - Number(bits));
  if (base === undefined || !Number.isInteger(size) || size < 4) throw new LabError('Invalid', `${cidr} is no range of IPv4 addresses`);
  const network = base - (base % size);
  return pool(network + 1, network + size - 2);
}

/** An IPv4 address as a number; `undefined` for any other text. */
export function addressNumber(text: string): number | undefined {
  const parts = text.split('.').map((part) => (/^(0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256));
  if (parts.length !== 4 || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** The text of an address. */
export function addressText(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}
