/** How often `work` is done in a second, by so many at once. */
export async function perSecondOf(
  work: (n: number) => Promise<unknown>,
  seconds: number,
  atOnce: number,
): Promise<{ perSecond: number; count: number }> {
  let count = 0;
  const start = performance.now();
  const until = start + seconds * 1000;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (performance.now() < until) await work(count++);
    }),
  );
  return { perSecond: Math.round((count * 1000) / (performance.now() - start)), count };
}
