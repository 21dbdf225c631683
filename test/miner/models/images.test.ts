import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { DecodeImageStep } from '../../../common/model-manifest.ts';
import { decodeImage } from '../../../miner/models/steps/image-decoder.ts';
import { createPictureTensor, imageFormat } from '../../../miner/models/steps/image-pixels.ts';
import { picturePixels } from '../../../miner/models/steps/image-size.ts';
import { applyPreSteps } from '../../../miner/models/steps/pre-steps.ts';
import { seededBytes } from '../../common/seeded-bytes.ts';

function step(changes: Partial<DecodeImageStep> = {}): DecodeImageStep {
  return {
    step: 'decode-image',
    input: 'image',
    formats: ['png', 'jpeg', 'webp'],
    maxBytes: 1_000_000,
    maxPixels: 1_000_000,
    channels: 3,
    width: 4,
    height: 2,
    resize: 'none',
    kernel: 'linear',
    scale: 1 / 255,
    mean: [0],
    std: [1],
    layout: 'nchw',
    output: 'x',
    ...changes,
  };
}

const pixels = Uint8Array.from({ length: 4 * 2 * 3 }, (_, at) => at * 10);
const raw = { raw: { width: 4, height: 2, channels: 3 as const } };
const plane = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: { r: 200, g: 100, b: 0 } } });

async function decoded(file: Uint8Array, changes: Partial<DecodeImageStep> = {}) {
  const image = await decodeImage(file, step(changes));
  return image.kind === 'pixels' ? image.pixels : image.detail;
}

describe('an encoded image', () => {
  it('becomes the pixels that were encoded, in each lossless format', async () => {
    const files = [
      await sharp(pixels, raw).png().toBuffer(),
      await sharp(pixels, raw).webp({ lossless: true }).toBuffer(),
      await sharp(pixels, raw).png({ palette: true }).toBuffer(),
    ];
    for (const file of files) {
      const got = await decoded(file);
      if (typeof got === 'string') throw new Error(got);
      expect([got.width, got.height, got.channels]).toEqual([4, 2, 3]);
      expect([...got.bytes]).toEqual([...pixels]);
    }
  });

  it('is turned upright as its EXIF says', async () => {
    const sideways = await plane(6, 2).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const got = await decoded(sideways, { width: 2, height: 6 });
    expect(got).toMatchObject({ width: 2, height: 6 });
  });

  it('is resized, and the middle cut out, as the step says', async () => {
    const file = await plane(40, 20).png().toBuffer();
    const ways: Partial<DecodeImageStep>[] = [
      { resize: 'fill' },
      { resize: 'cover' },
      { resize: 'contain' },
      { resize: 'fill', resizeTo: { width: 8, height: 4 } },
    ];
    for (const way of ways) {
      expect(await decoded(file, way)).toMatchObject({ width: 4, height: 2, channels: 3 });
    }
    expect(await decoded(file)).toBe('has 40 x 20 pixels; 4 x 2 are asked for');
  });

  it('loses its transparency, and its colours where one channel is asked for', async () => {
    const clear = await sharp({
      create: { width: 4, height: 2, channels: 4, background: { r: 9, g: 9, b: 9, alpha: 0.5 } },
    })
      .png()
      .toBuffer();
    expect(await decoded(clear)).toMatchObject({ channels: 3 });
    expect(await decoded(clear, { channels: 1 })).toMatchObject({ channels: 1 });
  });
});

describe('a file that is none', () => {
  it('is refused by its size before a pixel is decoded', async () => {
    const bomb = await plane(3000, 3000).png({ compressionLevel: 9 }).toBuffer();
    expect(bomb.length).toBeLessThan(100_000);
    expect(await decoded(bomb)).toBe('has 3000 x 3000 pixels; at most 1000000 in all');
    expect(await decoded(new Uint8Array(200), { maxBytes: 100 })).toMatch(/has 200 bytes/);
  });

  it('is refused by its first bytes when another loader would be needed', async () => {
    const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="4"/>');
    const gif = await plane(4, 2).gif().toBuffer();
    for (const file of [svg, gif, new Uint8Array()]) {
      expect(await decoded(file)).toBe('is no png, jpeg, webp file');
    }
    const jpeg = await plane(4, 2).jpeg().toBuffer();
    expect(await decoded(jpeg, { formats: ['png'] })).toBe('is no png file');
  });

  it('is a value, whatever is cut off or changed', async () => {
    const good = await Promise.all([
      plane(4, 2).png().toBuffer(),
      plane(4, 2).jpeg().toBuffer(),
      plane(4, 2).webp().toBuffer(),
    ]);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...good),
        fc.nat(400),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 4 }),
        async (file, cut, changes) => {
          const broken = new Uint8Array(file.subarray(0, Math.max(file.length - cut, 0)));
          for (const [at, value] of changes) if (at < broken.length) broken[at] = value;
          const got = await decodeImage(broken, step());
          expect(['pixels', 'invalid']).toContain(got.kind);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is told from others by the first bytes', () => {
    expect(imageFormat(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0))).toBe('jpeg');
    expect(imageFormat(new TextEncoder().encode('RIFF....WEBPVP8 '))).toBe('webp');
    expect(imageFormat(new TextEncoder().encode('RIFF....WAVE'))).toBeNull();
  });
});

const most = 1e9;

/** A file of each kind that differs in where its head has the size. */
function filesOf(width: number, height: number): Promise<Uint8Array[]> {
  const image = () => plane(width, height);
  const withProfile = () =>
    image()
      .withExif({ IFD0: { Copyright: 'x' } })
      .withIccProfile('p3');
  return Promise.all([
    image().png().toBuffer(),
    withProfile().png().toBuffer(),
    image().jpeg().toBuffer(),
    withProfile().jpeg({ progressive: true }).toBuffer(),
    image().webp().toBuffer(),
    image().webp({ lossless: true }).toBuffer(),
    withProfile().webp().toBuffer(),
    image().ensureAlpha(0.5).webp().toBuffer(),
  ]);
}

describe('the pixels that a head tells', () => {
  it('are those of the picture, in each format and coding', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 300 }),
        async (width, height) => {
          for (const file of await filesOf(width, height)) {
            expect(picturePixels(file, most)).toBe(width * height);
          }
        },
      ),
      { numRuns: 5 },
    );
  });

  it('are found behind bytes that fill up, as decoders find them', async () => {
    const jpeg = await plane(30, 20).jpeg().toBuffer();
    const filled = Buffer.concat([jpeg.subarray(0, 2), Buffer.alloc(9, 0xff), jpeg.subarray(2)]);
    expect(await decodeImage(filled, step({ resize: 'fill' }))).toMatchObject({ kind: 'pixels' });
    expect(picturePixels(filled, most)).toBe(600);
  });

  it('are none of what is no picture, and the most where the head does not tell', async () => {
    expect(picturePixels(new TextEncoder().encode('a text'), most)).toBe(0);
    expect(picturePixels(new Uint8Array(), most)).toBe(0);
    const [png, , jpeg] = await filesOf(100, 100);
    expect(picturePixels(png ?? new Uint8Array(), 5000)).toBe(5000);
    expect(picturePixels((png ?? new Uint8Array()).subarray(0, 20), most)).toBe(most);
    const start = (jpeg ?? new Uint8Array()).subarray(0, 3);
    expect(picturePixels(start, most)).toBe(most);
    expect(picturePixels(Buffer.concat([start, Buffer.alloc(2_000_000, 0xff)]), most)).toBe(most);
  });

  it('are between none and the most, whatever the bytes are', async () => {
    const good = await filesOf(40, 30);
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        fc.nat(400),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 8 }),
        (file, length, changes) => {
          const broken = new Uint8Array(file.subarray(0, length));
          for (const [at, value] of changes) if (at < broken.length) broken[at] = value;
          const pixels = picturePixels(broken, most);
          expect(pixels >= 0 && pixels <= most).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('the turn of a picture', () => {
  it('is charged by pixels: one of one colour as a photograph of its size', async () => {
    const noise = seededBytes('noise', 300 * 200 * 3);
    const photo = sharp(noise, { raw: { width: 300, height: 200, channels: 3 } });
    const flat = await plane(300, 200).png().toBuffer();
    const files = [flat, await photo.png().toBuffer(), await plane(3000, 2000).png().toBuffer()];
    expect(files[1]?.length).toBeGreaterThan(50 * flat.length);
    const costs: number[] = [];
    const made = await applyPreSteps(
      [{ kind: 'decode-image', step: step({ resize: 'fill' }), datatype: 'FP32' }],
      files.length,
      {
        tokenizers: new Map(),
        decodeImage: () =>
          Promise.resolve({
            kind: 'pixels',
            pixels: { width: 4, height: 2, channels: 3, bytes: pixels },
          }),
        decoding: {
          enter: (_, cost) => {
            costs.push(cost);
            return Promise.resolve({ kind: 'entered', leave: () => undefined });
          },
          waiting: 0,
          close: () => undefined,
        },
      },
      {
        inputs: [{ name: 'image', datatype: 'BYTES', shape: [files.length], data: files }],
        deadlineMs: 1,
        isGone: () => false,
      },
    );
    expect(made.kind).toBe('tensors');
    expect(costs).toEqual([560_000, 560_000, 1_500_000]);
  });
});

describe('pixels in a tensor', () => {
  const given = {
    width: 2,
    height: 1,
    channels: 3,
    bytes: Uint8Array.of(0, 51, 102, 153, 204, 255),
  };
  const tensorOf = (
    changes: Partial<DecodeImageStep>,
    datatype: 'FP32' | 'FP16' | 'UINT8' = 'FP32',
  ) => {
    const made = createPictureTensor(step({ width: 2, height: 1, ...changes }), datatype, 2);
    made.put(1, given);
    return made.tensor;
  };

  it('lie plane by plane or side by side, scaled and moved by channel', () => {
    const scaled = { scale: 1 / 51, mean: [0, 1, 2], std: [1, 2, 1] };
    const planes = tensorOf(scaled);
    expect(planes.shape).toEqual([2, 3, 1, 2]);
    expect([...(planes.data as Float32Array)].slice(6)).toEqual([0, 3, 0, 1.5, 0, 3]);
    const beside = tensorOf({ ...scaled, layout: 'nhwc' });
    expect(beside.shape).toEqual([2, 1, 2, 3]);
    expect([...(beside.data as Float32Array)].slice(6)).toEqual([0, 0, 0, 3, 1.5, 3]);
  });

  it('are bits of halves, or the bytes themselves', () => {
    expect([...(tensorOf({ scale: 1 / 51 }, 'FP16').data as Uint16Array)].slice(6, 8)).toEqual([
      0, 0x4200,
    ]);
    expect([...(tensorOf({}, 'UINT8').data as Uint8Array)].slice(6)).toEqual([
      0, 153, 51, 204, 102, 255,
    ]);
  });

  it('stand for all channels when there is one', () => {
    const made = createPictureTensor(step({ width: 1, height: 1, scale: 1 }), 'FP32', 1);
    made.put(0, { width: 1, height: 1, channels: 1, bytes: Uint8Array.of(7) });
    expect([...(made.tensor.data as Float32Array)]).toEqual([7, 7, 7]);
  });
});
