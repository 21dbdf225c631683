import type { Placement } from './setting.ts';

export interface Device {
  /** Processors that the model may use; on a GPU they only feed it. */
  readonly cores: number;
  readonly isCpu: boolean;
}

/** On a GPU two or three processes hide each other's copies; more only take its memory. */
const gpuInstances = [1, 2, 3] as const;

/**
 * Placements by how much of the machine they use, the most first: a level is worth looking at only
 * when the one before it was not far better.
 */
export function placementLevels({ cores, isCpu }: Device): readonly (readonly Placement[])[] {
  if (!isCpu) return [gpuInstances.map((instances) => ({ instances, threads: 1 }))];
  const levels: (readonly Placement[])[] = [];
  for (let used = cores; used >= 1; used = Math.floor(used / 2)) levels.push(placementsOf(used));
  return levels;
}

/** All of `used` processors: one process with all threads, two with half of them each … */
function placementsOf(used: number): readonly Placement[] {
  return powersOfTwo(used).map((instances) => ({
    instances,
    threads: Math.max(1, Math.floor(used / instances)),
  }));
}

/** 1, 2, 4 … and `most` itself. */
export function batchLadder(most: number): readonly number[] {
  return powersOfTwo(most);
}

function powersOfTwo(most: number): readonly number[] {
  const steps: number[] = [];
  for (let step = 1; step < most; step *= 2) steps.push(step);
  return [...steps, most];
}
