/** Who is called and who calls, in every process of a benchmark: seeds, which take no time to read. */
export const benchMiner = `0x${'51'.repeat(32)}`;
export const benchCaller = `0x${'ca'.repeat(32)}`;
