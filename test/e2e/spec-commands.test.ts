import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startOperatorWorld, subnetId } from './operator-world.ts';
import type { Ended, OperatorWorld } from './operator-world.ts';

let world: OperatorWorld;
beforeAll(async () => {
  world = await startOperatorWorld();
});
afterAll(() => world.dispose());

const rules = `name: digits
netuid: ${subnetId}
tasks:
  - name: digits
    kind: classify
    interface:
      inputs: [{ name: image, datatype: FP32, shape: [-1, 1, 8, 8] }]
      outputs: [{ name: probabilities, datatype: FP32, shape: [-1, 10] }]
    source: { path: data.json, sha256: '${'a'.repeat(64)}' }
    classes: 10
`;

/** A subnet YAML with these wishes. */
function spec(wishes: Readonly<Record<string, unknown>>): string {
  const file = join(world.dir, 'subnet.yaml');
  writeFileSync(file, `${rules}chain: ${JSON.stringify({ hyperparameters: wishes })}\n`);
  return file;
}

function run(what: string, file: string, ...more: readonly string[]): Promise<Ended> {
  return world.run('spec', what, file, '--wallet-name', 'owner', ...more);
}

describe('the subnet YAML on the embedded chain, by commands', () => {
  it('plans: what can be set is exit 0, what the chain would refuse is exit 4 with the reason', async () => {
    const good = await run('plan', spec({ immunityPeriod: 70 }));
    expect([good.exit, good.out.join('\n')]).toEqual([0, expect.stringMatching(/can be set/)]);
    const bad = await run('plan', spec({ minBurnTao: '5000', maxValidators: 5 }), '--json');
    expect(bad.exit).toBe(4);
    expect(bad.json()['steps']).toMatchObject([
      { name: 'max_validators', setBy: 'root', state: 'blocked' },
      { name: 'min_burn', state: 'blocked', reasons: [{ reason: 'out-of-bounds' }] },
    ]);
  });

  it('says of the tempo what every command says: the owner sets it', async () => {
    const { out } = await run('plan', spec({ tempo: 400 }), '--json');
    expect(out.join('')).toContain('"setBy":"owner"');
    const listed = await world.run('sudo', 'get', '--netuid', '2', '--param', 'tempo');
    expect(listed.out.join('\n')).toMatch(/tempo.*owner/);
  });

  it('applies nothing in a dry run, and tells what would be left', async () => {
    const file = spec({ immunityPeriod: 70, kappa: 30_000 });
    const dry = await run('apply', file, '--dry-run', '--json');
    expect(dry.exit).toBe(4);
    expect(dry.json()).toMatchObject({
      ok: false,
      error: { code: 'HYPERPARAMETERS_LEFT', message: expect.stringMatching(/kappa/) },
      dryRun: true,
      changed: [],
    });
    const done = await run('apply', file, '--yes', '--json');
    expect(done.json()).toMatchObject({
      ok: false,
      error: { code: 'HYPERPARAMETERS_LEFT' },
      changed: [{ name: 'immunity_period' }],
      left: [{ name: 'kappa' }],
    });
    expect((await run('apply', spec({ immunityPeriod: 70 }), '--yes')).exit).toBe(0);
  });

  it('tells a stranger why nothing was changed', async () => {
    const file = spec({ immunityPeriod: 71 });
    const ended = await world.run('spec', 'apply', file, '--wallet-name', 'val', '--yes', '--json');
    expect(ended.exit).toBe(4);
    expect(ended.json()).toMatchObject({ error: { message: expect.stringMatching(/owner of/) } });
  });

  it("commits the file's hash with the owner's hotkey, once", async () => {
    const file = spec({});
    const stranger = await run('commit', file, '--hotkey', 'second', '--yes');
    expect(stranger.code).toBe('NOT_OWNER_HOTKEY');
    const done = await run('commit', file, '--yes', '--json');
    expect(done.json()).toMatchObject({ ok: true, committedAtBlock: expect.any(Number) });
    const again = await run('commit', file, '--yes', '--json');
    expect(again.json()).toMatchObject({ ok: true, changed: false });
    expect((await run('plan', file)).out.join('\n')).toMatch(/rules on chain: this file/);
  });
});
