import process from 'node:process';

/** `SUBNET_BENCH_QUICK=1`: a handful of requests each, to see that all of it runs. */
export const quick = process.env['SUBNET_BENCH_QUICK'] === '1';
