/** Reads numbers of pods as `0-2,5` tells them: how many they are, or what is wrong with the text. */
export function readIndexes(text: string, completions: number): { readonly total: number } | { readonly problem: string } {
  if (text === '') return { total: 0 };
  let last = -1;
  let total = 0;
  for (const part of text.split(',')) {
    const interval = readInterval(part, completions);
    if ('problem' in interval) return interval;
    const { from, to } = interval;
    if (last >= from) return { problem: `non-increasing order, previous: ${last}, current: ${from}` };
    total += to - from + 1;
    last = to;
  }
  return { total };
}

function readInterval(part: string, completions: number): { from: number; to: number } | { problem: string } {
  const limits = part.split('-');
  if (limits.length > 2)
    return {
      problem: `the fragment ${JSON.stringify(part)} violates the requirement that an index interval can have at most two parts separated by '-'`,
    };
  for (const limit of limits) {
    if (!/^\d+$/.test(limit)) return { problem: `cannot convert string to integer for index: ${JSON.stringify(limit)}` };
    if (Number(limit) >= completions) return { problem: `too large index: ${JSON.stringify(limit)}` };
  }
  const [from = 0, to] = limits.map(Number);
  if (to !== undefined && from >= to) return { problem: `non-increasing order, previous: ${from}, current: ${to}` };
  return { from, to: to ?? from };
}
