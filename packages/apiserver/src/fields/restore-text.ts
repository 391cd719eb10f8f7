const READ: Readonly<Record<string, string>> = { object: 'map', array: 'slice', string: 'string', bool: 'bool', number: 'int64' };

/** What a reader of JSON says of a value of the wrong type, in the words of who restores objects from maps. */
export function asRestored(why: string): string {
  const [, read, fraction, wanted] = /^json: cannot unmarshal (\w+)(?: [-\d]+(\.)?\S*)? into Go .* of type (.+)$/.exec(why) ?? [];
  const got = fraction === undefined ? READ[read ?? ''] : 'float64';
  if (got === undefined || wanted === undefined) return why;
  return restored(got, wanted);
}

function restored(got: string, wanted: string): string {
  if (wanted.startsWith('map[')) return `cannot restore map from ${got}`;
  if (wanted.startsWith('[]')) return `cannot restore slice from ${got}`;
  if (wanted.includes('.') || wanted.includes('struct')) return `cannot restore struct from: ${got}`;
  const number = got === 'int64' || got === 'float64';
  return number && /^string|^u?int|^float/.test(wanted) ? `cannot convert ${got} to ${wanted}` : `unrecognized type: ${wanted}`;
}
