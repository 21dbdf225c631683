/** The lines in which two texts differ, with a line around them, as `diff` shows them. */
export function lineDiff(before: string, after: string): readonly string[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  const steps = stepsBetween(old, now);
  return steps.flatMap((step, at) => {
    const isNear = step.sign !== ' ' || steps[at - 1]?.sign !== ' ' || steps[at + 1]?.sign !== ' ';
    const hasNeighbour = [steps[at - 1], steps[at + 1]].some((one) => (one?.sign ?? ' ') !== ' ');
    return isNear && (step.sign !== ' ' || hasNeighbour) ? [`${step.sign} ${step.line}`] : [];
  });
}

interface Step {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** By the longest common subsequence: configuration files are short. */
function stepsBetween(old: readonly string[], now: readonly string[]): readonly Step[] {
  const common = commonLengths(old, now);
  const steps: Step[] = [];
  let [a, b] = [0, 0];
  while (a < old.length || b < now.length) {
    const [left, right] = [old[a], now[b]];
    if (left !== undefined && left === right) {
      steps.push({ sign: ' ', line: left });
      a += 1;
      b += 1;
    } else if (left !== undefined && lengthAt(common, a + 1, b) >= lengthAt(common, a, b + 1)) {
      steps.push({ sign: '-', line: left });
      a += 1;
    } else {
      steps.push({ sign: '+', line: right ?? '' });
      b += 1;
    }
  }
  return steps;
}

/** `[a][b]`: length of the longest common subsequence of what follows in both; -1 beyond the end. */
function commonLengths(old: readonly string[], now: readonly string[]): readonly number[][] {
  const lengths = Array.from({ length: old.length + 1 }, () =>
    Array<number>(now.length + 1).fill(0),
  );
  for (let a = old.length - 1; a >= 0; a -= 1) {
    for (let b = now.length - 1; b >= 0; b -= 1) {
      const longer = Math.max(lengthAt(lengths, a + 1, b), lengthAt(lengths, a, b + 1));
      const row = lengths[a];
      if (row !== undefined) {
        row[b] = old[a] === now[b] ? lengthAt(lengths, a + 1, b + 1) + 1 : longer;
      }
    }
  }
  return lengths;
}

function lengthAt(lengths: readonly number[][], a: number, b: number): number {
  return lengths[a]?.[b] ?? -1;
}
