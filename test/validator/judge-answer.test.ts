import { describe, expect, it } from 'vitest';
import type { Task } from '../../tasks/task-port.ts';
import { evidenceLines } from '../../validator/evidence.ts';
import { judgeAnswer } from '../../validator/judge-answer.ts';
import type { RoundConfig } from '../../validator/round.ts';
import { readState } from '../../validator/state.ts';
import { runFor } from '../sim/run.ts';
import { simMiner } from '../sim/sim-miner.ts';
import { nearestMean } from '../sim/sim-models.ts';
import { createWorld, key, sr25519, train } from '../sim/world.ts';
import type { SimNode } from '../sim/world.ts';

const model = nearestMean(train);

/** Every task of a round with another judge. */
function judgedBy(
  { tasks }: RoundConfig,
  judge: (task: Task, ...asked: Parameters<Task['judge']>) => ReturnType<Task['judge']>,
): readonly Task[] {
  return tasks.map((task) => ({ ...task, judge: (...asked) => judge(task, ...asked) }));
}

async function startWorld() {
  const world = createWorld();
  const { platform } = world;
  world.addValidator('alpha');
  for (const name of ['one', 'two']) {
    world.addMiner(name, simMiner({ signer: key(name), verifier: sr25519, platform, model }));
  }
  const node = await world.node('alpha');
  const [one] = node.config.tasks;
  if (one === undefined) throw new Error('a task');
  return { world, node, task: one };
}

async function scoresOf({ deps }: SimNode): Promise<ReadonlyMap<string, number>> {
  const { board } = await readState(deps.store);
  return new Map([...board.entries.values()].map(({ hotkey, score }) => [hotkey, score]));
}

describe('what a task gives for an answer', () => {
  it.each([
    ['no number', [1, Number.NaN], 'mark 2 of 2 is NaN, not a finite number'],
    ['no bound', [Number.POSITIVE_INFINITY, 1], 'mark 1 of 2 is Infinity, not a finite number'],
    ['a text', ['1', 1], 'mark 1 of 2 is 1, not a finite number'],
    ['a hole', [1, undefined], 'mark 2 of 2 is undefined, not a finite number'],
    ['too few', [1], 'it gave 1 marks for 2 items'],
    ['nothing at all', undefined, 'it gave no marks'],
  ])('is told of where it is %s', async (_, given, detail) => {
    const { task } = await startWorld();
    // A plugin in plain JavaScript is bound by no type.
    const marks = given as readonly number[];
    const broken: Task = { ...task, items: 2, judge: () => ({ kind: 'judgement', marks }) };
    expect(judgeAnswer(broken, [], [])).toEqual({ kind: 'unjudged', detail });
    const fine: Task = { ...broken, judge: () => ({ kind: 'judgement', marks: [0, 1] }) };
    expect(judgeAnswer(fine, [], [])).toEqual({ kind: 'judgement', marks: [0, 1] });
    expect(judgeAnswer({ ...fine, chance: Number.NaN }, [], [])).toMatchObject({
      kind: 'unjudged',
      detail: 'its chance is NaN, not from 0 to below 1',
    });
  });
});

describe('a task that breaks while miners earn by it', () => {
  it('takes nothing from them, and is told in log, metrics, alerts and evidence', async () => {
    const { world, node, task } = await startWorld();
    const judging = { breaks: false };
    const tasks = judgedBy(node.config, (one, truth, outputs) => {
      const judged = one.judge(truth, outputs);
      if (!judging.breaks || judged.kind === 'fault') return judged;
      return { ...judged, marks: judged.marks.map(() => Number.NaN) };
    });
    const broken: SimNode = { ...node, config: { ...node.config, tasks } };
    await runFor(world, broken, 40);
    const before = await scoresOf(broken);
    expect([...before.values()].filter((score) => score > 0)).toHaveLength(2);
    const rounds = (await readState(node.deps.store)).lastRound;
    judging.breaks = true;
    const status = await runFor(world, broken, 40);
    expect((await readState(node.deps.store)).lastRound).toBeGreaterThan(rounds + 3);
    expect(await scoresOf(broken)).toEqual(before);
    const detail = `mark 1 of ${task.items} is NaN, not a finite number`;
    expect(status.alerts).toContainEqual({
      name: 'task-broken',
      detail: `task ${task.name} gave no score to 2 miners (uids 1, 2): ${detail}`,
    });
    expect(node.lines).toContainEqual({
      level: 'error',
      message: 'a task gave no number for good answers',
      fields: { round: rounds + 1, task: task.name, uids: [1, 2], detail },
    });
    expect(await node.metricsText()).toMatch(
      /validator_query_outcomes_total\{[^}]*outcome="unjudged"[^}]*\} [1-9]/,
    );
    let told = 0;
    for await (const line of evidenceLines(node.store)) {
      if (line.includes(`"unjudged":"${detail}"`)) told += 1;
    }
    expect(told).toBeGreaterThan(3);
    judging.breaks = false;
    expect((await runFor(world, broken, 10)).alerts.map(({ name }) => name)).not.toContain(
      'task-broken',
    );
  });
});
