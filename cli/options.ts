import { InvalidArgumentError } from 'commander';

/** Parses a whole number between two bounds, for commander. */
export function wholeNumberOption(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least && value <= most) {
      return value;
    }
    throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}`);
  };
}
