import { LabError } from '@crownlabs/std';
import type { UserInfo } from '../user.ts';

/** Users by token, from the text of a static token file: lines of `token,user,uid` and optionally `"group1,group2"`. */
export function readTokenFile(text: string): ReadonlyMap<string, UserInfo> {
  const users = new Map<string, UserInfo>();
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [token = '', username = '', uid, groups = ''] = fields(line);
    if (!token.trim() || !username.trim()) {
      throw new LabError('Invalid', `line ${at + 1} of the token file needs a token, a user name and a uid, separated by commas`);
    }
    const names = groups.split(',').map((group) => group.trim());
    users.set(token.trim(), {
      username: username.trim(),
      ...(uid?.trim() && { uid: uid.trim() }),
      groups: names.filter((name) => name !== ''),
    });
  }
  return users;
}

/** One line of CSV: a field in double quotes may hold commas, and two quotes for one. */
function fields(line: string): string[] {
  return [...line.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))\s*(?:,|$)/g)]
    .filter((match) => match.index < line.length)
    .map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain?.trim() ?? '');
}
