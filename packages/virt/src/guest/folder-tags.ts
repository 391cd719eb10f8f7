import { createHash } from 'node:crypto';

/** The longest name that a shared folder can have on 9P. */
const LONGEST = 31;

/**
 * The names by which a guest finds its shared folders. One that is too long is cut; where two would be the same then, each ends in a digest of the
 * whole. The guest knows neither from the other, and tries the digest first: `mount.virtiofs` of our images.
 */
export function folderTags(names: readonly string[]): string[] {
  const cut = names.map((name) => name.slice(0, LONGEST));
  return names.map((name, index) => {
    const short = cut[index] ?? name;
    const isOnly = cut.indexOf(short) === cut.lastIndexOf(short);
    return isOnly || name.length <= LONGEST ? short : withDigest(name);
  });
}

function withDigest(name: string): string {
  return `${name.slice(0, LONGEST - 9)}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}
