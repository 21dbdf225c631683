import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../common/tensor.ts';
import { fitsShape } from '../../common/tensor.ts';
import type { Engine } from '../../miner/engine/engine-port.ts';

export interface EngineUnderTest {
  readonly engine: Engine;
  /** Valid inputs of so many rows. */
  good(rows: number): readonly Tensor[];
  /** Inputs that the model refuses. */
  readonly bad: readonly Tensor[];
}

/** What every engine promises; run by each implementation, the fake included. */
export function engineContract(name: string, start: () => Promise<EngineUnderTest>): void {
  describe(`engine contract: ${name}`, () => {
    let tested: EngineUnderTest;
    beforeAll(async () => {
      tested = await start();
    });
    afterAll(() => tested.engine.close());

    it('is ready, and says what it takes and gives', async () => {
      const { engine } = tested;
      expect(engine.ready()).toBe(true);
      expect(await engine.whenReady()).toBe(true);
      expect(engine.slots).toBeGreaterThan(0);
      expect(engine.model.inputs.length).toBeGreaterThan(0);
      expect(engine.model.outputs.length).toBeGreaterThan(0);
    });

    it('gives every output in the announced shape', async () => {
      const outcome = await tested.engine.run(tested.good(3));
      if (outcome.kind !== 'outputs') throw new Error(outcome.detail);
      const specs = tested.engine.model.outputs;
      expect(outcome.outputs.map((one) => one.name)).toEqual(specs.map((spec) => spec.name));
      outcome.outputs.forEach((one, at) => {
        expect(one.datatype).toBe(specs[at]?.datatype);
        expect(fitsShape(specs[at]?.shape ?? [], one.shape)).toBe(true);
        expect(one.shape[0]).toBe(3);
      });
      expect(outcome.runMs).toBeGreaterThanOrEqual(0);
    });

    it('fails a run whose inputs the model refuses, and goes on', async () => {
      const bad = await tested.engine.run(tested.bad);
      expect(bad).toMatchObject({ kind: 'failed', reason: 'model' });
      expect((await tested.engine.run(tested.good(1))).kind).toBe('outputs');
    });

    it('answers runs that overlap, each with its own', async () => {
      const outcomes = await Promise.all(
        [1, 2, 3, 4].map((n) => tested.engine.run(tested.good(n))),
      );
      const rows = outcomes.map((one) =>
        one.kind === 'outputs' ? one.outputs[0]?.shape[0] : null,
      );
      expect(rows).toEqual([1, 2, 3, 4]);
    });

    it('is not ready once closed, and says so to runs', async () => {
      await tested.engine.close();
      expect(tested.engine.ready()).toBe(false);
      expect(await tested.engine.whenReady()).toBe(false);
      const late = await tested.engine.run(tested.good(1));
      expect(late.kind).toBe('failed');
    });
  });
}
