import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { backendSchema } from '../../common/config/backend-schema.ts';
import { minerSchema } from '../../common/config/miner-schema.ts';
import { createMetricsRegistry } from '../../common/node/telemetry.ts';
import { createUpstreamMetrics } from '../../miner/upstream/upstream-metrics.ts';
import { projectFiles, readProjectFile } from './tree.ts';

/** What must agree between the manifests, the miner's YAML, the sources and docs/scaling.md. */

const folder = 'deploy/kubernetes';
const document = readProjectFile('docs/scaling.md');
const text = (path: string): string => readProjectFile(`${folder}/${path}`);
const manifests = projectFiles(folder).filter((path) => path.endsWith('.yaml'));

const labels = z.record(z.string(), z.string());
const ports = z.array(z.object({ name: z.string(), containerPort: z.int() }));
const container = z.object({
  image: z.string(),
  args: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  ports: ports.optional(),
  securityContext: z.object({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
  }),
  resources: z.object({ limits: z.record(z.string(), z.string()) }),
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
});
const workload = z.object({
  spec: z.object({
    serviceName: z.string().optional(),
    replicas: z.int(),
    strategy: z.object({ type: z.string() }).optional(),
    selector: z.object({ matchLabels: labels }),
    template: z.object({
      metadata: z.object({ labels }),
      spec: z.object({
        terminationGracePeriodSeconds: z.int(),
        initContainers: z.array(container).optional(),
        containers: z.tuple([container]),
        volumes: z.array(z.object({ name: z.string() })),
      }),
    }),
  }),
});
const service = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    clusterIP: z.string().optional(),
    externalTrafficPolicy: z.string().optional(),
    selector: labels,
    ports: z.array(z.object({ port: z.int(), targetPort: z.string() })),
  }),
});

const triton = workload.parse(parse(text('triton/statefulset.yaml'))).spec;
const tritonService = service.parse(parse(text('triton/service.yaml')));
const tritonConfig = text('triton/config.pbtxt');
const miner = workload.parse(parse(text('miner/deployment.yaml'))).spec;
const minerService = service.parse(parse(text('miner/service.yaml')));
const minerConfig = minerSchema.parse(parse(text('miner/miner.yaml')));
const backend = backendSchema.parse(minerConfig.backend);
const best = z
  .object({ models: z.array(z.object({ name: z.string(), sha256: z.string() })) })
  .parse(JSON.parse(readProjectFile('examples/digits/models/models.json')))
  .models.find(({ name }) => name === 'best');

describe('the manifests of Kubernetes', () => {
  it('are all part of a kustomization, and every part is there', () => {
    const named = manifests
      .filter((path) => path.endsWith('/kustomization.yaml'))
      .flatMap((path) => {
        const { resources } = z
          .object({ resources: z.array(z.string()) })
          .parse(parse(readProjectFile(path)));
        return resources.map((one) => path.replace('kustomization.yaml', one));
      });
    const objects = manifests.filter((path) => !/(kustomization|miner\/miner)\.yaml$/.test(path));
    expect(named.toSorted()).toEqual(objects.toSorted());
    for (const path of manifests) {
      expect(parseAllDocuments(readProjectFile(path)).flatMap(({ errors }) => errors)).toEqual([]);
    }
  });

  it('have the miner ask each pod of Triton by its own name', () => {
    const { name } = tritonService.metadata;
    expect(tritonService.spec.clusterIP).toBe('None');
    expect(triton.serviceName).toBe(name);
    const port = tritonService.spec.ports[0]?.port ?? 0;
    const pods = Array.from({ length: triton.replicas }, (_, at) => `triton-${at}`);
    const urls = pods.map((pod) => `http://${pod}.${name}.models.svc.cluster.local:${port}`);
    expect(backend.urls).toEqual(urls);
    expect(triton.template.spec.containers[0].command).toContain(`--http-port=${port}`);
  });

  it('name one sha256: of the example, in what Triton says, loads, and the miner wants', () => {
    const sha256 = best?.sha256 ?? '';
    expect(backend.sha256).toBe(sha256);
    expect(/key: "model_sha256"\s+value: \{ string_value: "(\w+)" \}/.exec(tritonConfig)?.[1]).toBe(
      sha256,
    );
    expect(text('triton/SHA256SUMS')).toBe(`${sha256}  ${backend.model}/1/model.onnx\n`);
    expect(tritonConfig).toContain(`name: "${backend.model}"`);
    expect(backend).toMatchObject({ pin: { require: 'said', parameter: 'model_sha256' } });
  });

  it('check the model before it is served, and leave no other way to load one', () => {
    const [check] = triton.template.spec.initContainers ?? [];
    expect(check?.command?.at(-1)).toContain('sha256sum --check --strict /config/SHA256SUMS');
    expect(triton.template.spec.containers[0].command).toContain('--model-control-mode=none');
    expect(document).toContain('Model control is off');
  });

  it('let Triton reject before the try of the miner ends, and a second try fit', () => {
    const rejectMs = Number(/default_timeout_microseconds: (\d+)/.exec(tritonConfig)?.[1]) / 1000;
    expect(rejectMs).toBeLessThan(backend.timeoutMs);
    expect(2 * backend.timeoutMs).toBeLessThanOrEqual(minerConfig.queue.maxWaitMs);
    expect(document).toContain(`rejects what waited ${rejectMs / 1000} s`);
    expect(document).toContain(`ends after ${backend.timeoutMs / 1000} s`);
  });

  it('run one miner, never two at a time, with the address of its callers', () => {
    expect(miner.replicas).toBe(1);
    expect(miner.strategy?.type).toBe('Recreate');
    expect(minerService.spec.externalTrafficPolicy).toBe('Local');
    const [{ ports: open = [], args }] = miner.template.spec.containers;
    expect(open.map(({ containerPort }) => containerPort)).toEqual([
      minerConfig.server.port,
      minerConfig.metrics.port,
    ]);
    expect(minerConfig.server.externalPort).toBe(minerService.spec.ports[0]?.port);
    expect(args).toEqual(['miner', 'run', '--config', '/etc/miner/miner.yaml']);
  });

  it('give pods the time that their stop takes', () => {
    const exit = triton.template.spec.containers[0].command?.find((one) => one.includes('exit'));
    const exitSeconds = Number(exit?.split('=')[1]);
    expect(triton.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(exitSeconds);
    const drainSeconds = minerConfig.server.drainMs / 1000;
    expect(miner.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(2 * drainSeconds);
  });

  it.each([
    ['triton', triton, tritonService],
    ['miner', miner, minerService],
  ])('of %s agree in labels, ports and volumes', (_, { selector, template }, { spec }) => {
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    expect(template.metadata.labels).toMatchObject(spec.selector);
    const names = (template.spec.containers[0].ports ?? []).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(spec.ports.map(({ targetPort }) => targetPort)));
    const volumes = template.spec.volumes.map(({ name }) => name);
    const mounted = [...(template.spec.initContainers ?? []), ...template.spec.containers].flatMap(
      (one) => one.volumeMounts.map(({ name }) => name),
    );
    expect(new Set(mounted)).toEqual(new Set(volumes));
  });

  it('use of KServe what is known to be there', () => {
    const quantities = z.record(z.string(), z.string());
    z.strictObject({
      apiVersion: z.literal('serving.kserve.io/v1beta1'),
      kind: z.literal('InferenceService'),
      metadata: z.strictObject({
        name: z.literal(backend.model),
        annotations: z.strictObject({
          'serving.kserve.io/deploymentMode': z.literal('RawDeployment'),
        }),
      }),
      spec: z.strictObject({
        predictor: z.strictObject({
          minReplicas: z.int().min(1),
          maxReplicas: z.int().min(1),
          model: z.strictObject({
            modelFormat: z.strictObject({ name: z.literal('onnx') }),
            runtime: z.literal('kserve-tritonserver'),
            protocolVersion: z.literal('v2'),
            storageUri: z.string().startsWith('pvc://model-files/'),
            resources: z.strictObject({ requests: quantities, limits: quantities }),
          }),
        }),
      }),
    }).parse(parse(text('kserve/inference-service.yaml')));
  });
});

describe('docs/scaling.md', () => {
  it('shows backends that the schema takes', () => {
    const blocks = [...document.matchAll(/```yaml\n([^`]+)```/g)].map((match) =>
      z
        .object({ backend: backendSchema, queue: z.object({ maxWaitMs: z.int() }).optional() })
        .parse(parse(match[1] ?? '')),
    );
    expect(blocks.map((block) => block.backend.kind)).toEqual(['open-inference', 'openai']);
    for (const block of blocks) {
      const maxWaitMs = block.queue?.maxWaitMs ?? minerConfig.queue.maxWaitMs;
      expect(2 * block.backend.timeoutMs).toBeLessThanOrEqual(maxWaitMs);
    }
  });

  it('names every metric of upstreams, and the keys of the configuration', async () => {
    const registry = createMetricsRegistry();
    createUpstreamMetrics(registry);
    const names = [...(await registry.render()).matchAll(/^# HELP (\w+)/gm)].map(([, one]) => one);
    expect(names.length).toBe(7);
    expect(names.filter((name) => !document.includes(`\`${name}\``))).toEqual([]);
    const keys = ['maxInFlight', 'healthIntervalMs', 'timeoutMs', 'maxTries', 'manifestPath'];
    expect(keys.filter((key) => !document.includes(key))).toEqual([]);
  });

  it('names replicas, namespaces and folders as they are', () => {
    expect(document).toContain(`A StatefulSet of ${triton.replicas} replicas`);
    for (const name of ['triton', 'miner', 'kserve']) {
      expect(text(`${name}/kustomization.yaml`)).toContain('kind: Kustomization');
    }
    const namespaces = ['triton', 'miner'].map(
      (name) =>
        z.object({ namespace: z.string() }).parse(parse(text(`${name}/kustomization.yaml`)))
          .namespace,
    );
    expect(document).toContain(`the namespaces are \`${namespaces.join('` and `')}\``);
  });
});
