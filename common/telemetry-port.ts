export type LogFields = Readonly<Record<string, unknown>>;

/** Constant message plus fields. Text that came from the network goes to `debug` only. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Logger;
}

export type Labels = Readonly<Record<string, string | number>>;

export interface Counter {
  inc(labels?: Labels, by?: number): void;
}

export interface Gauge {
  set(value: number, labels?: Labels): void;
  /** Forgets all label sets: those that are not set again are gone from the next scrape. */
  clear(): void;
}

export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

export interface MetricOptions {
  /** With prefix `miner_` or `validator_`, base unit, `_total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Histogram bounds, in the unit of the name. */
  readonly buckets?: readonly number[];
}

/** Makes metrics; the registry behind it renders them in the Prometheus text format. */
export interface Meter {
  counter(options: MetricOptions): Counter;
  gauge(options: MetricOptions): Gauge;
  histogram(options: MetricOptions): Histogram;
}

export interface MetricsRegistry extends Meter {
  /** Prometheus text exposition format 0.0.4. */
  render(): Promise<string>;
}
