/** Who is called and who calls, in every process of a benchmark. */
export const benchMiner = '//BenchMiner';
export const benchCaller = '//BenchValidator';
