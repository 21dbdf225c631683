/**
 * What several starts gave, in their order. When one fails, those that began are stopped, and the
 * first failure is thrown, once nothing is under way any more.
 */
export async function allOrNone<T>(
  starts: readonly Promise<T>[],
  stop: (started: T) => Promise<void>,
): Promise<readonly T[]> {
  const settled = await Promise.allSettled(starts);
  const started = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed === undefined) return started;
  // Why it did not start says more than why something did not stop.
  await Promise.allSettled(started.map(stop));
  throw failed.reason;
}
