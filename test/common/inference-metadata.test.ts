import { describe, expect, it } from 'vitest';
import {
  encodeModelMetadata,
  encodeServerMetadata,
  inferPath,
  matchInferRoute,
} from '../../common/wire/inference-metadata.ts';

const json = ({ body }: { body: Uint8Array }): unknown =>
  JSON.parse(new TextDecoder().decode(body));

describe('the routes of the inference protocol', () => {
  it.each([
    ['/v2', { kind: 'server-metadata' }],
    ['/v2/', { kind: 'server-metadata' }],
    ['/v2/health/live', { kind: 'server-live' }],
    ['/v2/health/ready?verbose=1', { kind: 'server-ready' }],
    ['/v2/models/m', { kind: 'model-metadata', model: 'm', version: null }],
    ['/v2/models/m/ready', { kind: 'model-ready', model: 'm', version: null }],
    ['/v2/models/m/versions/3', { kind: 'model-metadata', model: 'm', version: '3' }],
    ['/v2/models/m/versions/3/ready', { kind: 'model-ready', model: 'm', version: '3' }],
    ['/v2/models/a%20b%2Fc/ready', { kind: 'model-ready', model: 'a b/c', version: null }],
    ['/v2/models/versions/ready', { kind: 'model-ready', model: 'versions', version: null }],
  ])('%s', (path, route) => {
    expect(matchInferRoute('GET', path)).toEqual(route);
    expect(matchInferRoute('HEAD', path)).toEqual(route);
    expect(matchInferRoute('POST', path)).toEqual({ kind: 'wrong-method', allow: 'GET' });
  });

  it('infer takes POST alone', () => {
    const path = inferPath('a b/ü', '1');
    const route = { kind: 'model-infer', model: 'a b/ü', version: '1' };
    expect(matchInferRoute('POST', path)).toEqual(route);
    expect(matchInferRoute('GET', path)).toEqual({ kind: 'wrong-method', allow: 'POST' });
    expect(matchInferRoute('POST', inferPath('m'))).toMatchObject({ model: 'm', version: null });
  });

  it.each([
    '',
    '/',
    'v2',
    '/v1',
    '/v2/health',
    '/v2/health/well',
    '/v2/health/live/x',
    '/v2/models',
    '/v2/models/',
    '/v2/models//ready',
    '/v2/models/m/versions',
    '/v2/models/m/versions//infer',
    '/v2/models/m/stats/x',
    '/v2/models/m/infer/x',
    '/v2/models/%zz/infer',
    '/v2/models/%ff/infer',
    '/v2/repository/index',
    '//v2',
  ])('%j is none', (path) => {
    expect(matchInferRoute('GET', path)).toEqual({ kind: 'no-route' });
  });

  it.each([
    ['/v2/models/stats', null, null],
    ['/v2/models/m/stats', 'm', null],
    ['/v2/models/m/versions/2/stats', 'm', '2'],
  ])('%j asks for statistics', (path, model, version) => {
    expect(matchInferRoute('GET', path)).toEqual({ kind: 'statistics', model, version });
    expect(matchInferRoute('POST', path)).toEqual({ kind: 'wrong-method', allow: 'GET' });
  });
});

describe('metadata', () => {
  it('names what the protocol names', () => {
    const server = { name: 'subnet', version: '1', extensions: ['binary_tensor_data'] };
    expect(json(encodeServerMetadata(server))).toEqual(server);
    const model = {
      name: 'm',
      versions: ['1'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 784] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 10] }],
    } as const;
    expect(json(encodeModelMetadata({ ...model, secret: 1 } as typeof model))).toEqual(model);
  });
});
