import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { pythonKubernetes, pythonTriton, runPython, titled } from './python.ts';

const manifests = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));
const version = '1.33';

const object = z.looseObject({
  kind: z.string(),
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
});

/** As `kubectl apply -k` would send it. */
function render(folder: string): string {
  return execFileSync('kubectl', ['kustomize', join(manifests, folder)], { encoding: 'utf8' });
}

function objectsOf(rendered: string): z.output<typeof object>[] {
  return parseAllDocuments(rendered).map((document) => object.parse(document.toJS()));
}

describe.skipIf(pythonKubernetes === undefined)(
  titled('manifests of Kubernetes', pythonKubernetes),
  () => {
    let scratch = '';
    beforeAll(() => {
      scratch = mkdtempSync(join(tmpdir(), 'kubernetes-'));
    });
    afterAll(() => rmSync(scratch, { recursive: true }));

    /** Returns what the validator says; throws when an object does not fit its strict schema. */
    function validate(name: string, rendered: string): string {
      const file = join(scratch, `${name}.yaml`);
      writeFileSync(file, rendered);
      const program = join(dirname(pythonKubernetes ?? ''), 'kubernetes-validate');
      const options = ['--strict', '--kubernetes-version', version, file];
      return execFileSync(program, options, {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    }

    it.each(['triton', 'miner'])('render, and pass the strict schemas: %s', (folder) => {
      const rendered = render(folder);
      const objects = objectsOf(rendered);
      expect(objects.length).toBeGreaterThan(4);
      const said = validate(folder, rendered);
      expect(said).not.toContain('WARN');
      expect(said.match(/ passed /g)?.length).toBe(objects.length);
    });

    it('put every object into its namespace, and name configurations by their content', () => {
      const objects = ['triton', 'miner'].flatMap((folder) => objectsOf(render(folder)));
      const spaced = objects.filter(({ kind }) => kind !== 'Namespace');
      const namespaces = new Set(spaced.map(({ metadata }) => metadata.namespace));
      expect([...namespaces]).toEqual(['models', 'miner']);
      const maps = objects.filter(({ kind }) => kind === 'ConfigMap');
      expect(maps.map(({ metadata }) => metadata.name)).toEqual([
        expect.stringMatching(/^digits-\w{10}$/),
        expect.stringMatching(/^miner-\w{10}$/),
      ]);
      const mounted = JSON.stringify(objects.filter(({ kind }) => kind !== 'ConfigMap'));
      for (const { metadata } of maps) expect(mounted).toContain(`{"name":"${metadata.name}"}`);
    });

    it('render the InferenceService, whose schema Kubernetes does not have', () => {
      const [service, ...others] = objectsOf(render('kserve'));
      expect(others).toEqual([]);
      expect(service).toMatchObject({
        kind: 'InferenceService',
        metadata: { namespace: 'models' },
      });
    });

    it('would fail with a field that there is not', () => {
      const broken = render('miner').replace('strategy:', 'strategie:');
      expect(() => validate('broken', broken)).toThrow();
    });
  },
);

describe.skipIf(pythonTriton === undefined)(titled('the model of Triton', pythonTriton), () => {
  const config = readFileSync(join(manifests, 'triton/config.pbtxt'), 'utf8');
  const read = (text: string): Promise<unknown> =>
    runPython('triton_config.py', text, pythonTriton);

  it('is configured in the terms of its own schema', async () => {
    expect(await read(config)).toMatchObject({
      name: 'digits',
      max_batch_size: 64,
      input: [{ name: 'image', data_type: 'TYPE_FP32', dims: ['1', '8', '8'] }],
      output: [{ name: 'probabilities', data_type: 'TYPE_FP32', dims: ['10'] }],
      dynamic_batching: { default_queue_policy: { default_timeout_microseconds: '1500000' } },
      parameters: { model_sha256: { string_value: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    });
    await expect(read(config.replace('max_queue_size', 'max_queue_length'))).rejects.toThrow();
  });
});
