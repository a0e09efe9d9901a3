import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { drawPhantom, type PhantomImage } from './draw.ts';
import { phantoms } from './phantoms.ts';

const folder = import.meta.dirname;
const indexSchema = z.object({
  phantoms: z.array(
    z.object({
      name: z.string(),
      file: z.string(),
      seed: z.number(),
      description: z.string(),
      width: z.number(),
      height: z.number(),
      sha256: z.string(),
    }),
  ),
});
const index = indexSchema.parse(JSON.parse(readFileSync(join(folder, 'phantoms.json'), 'utf8')));

function hash(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Mean absolute difference in grey levels. */
function difference(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  let sum = 0;
  for (let position = 0; position < a.length; position++) sum += Math.abs(a[position]! - b[position]!);
  return sum / a.length;
}

/** The picture after a half turn: its pixels in reverse order. */
function halfTurn({ data }: PhantomImage): Uint8Array {
  const turned = new Uint8Array(data.length);
  for (let position = 0; position < data.length; position += 3) {
    turned.set(data.subarray(position, position + 3), data.length - 3 - position);
  }
  return turned;
}

describe('the committed phantoms', () => {
  it('are those of the table, and phantoms.json describes them', () => {
    const described = index.phantoms.map(({ name, file, seed, description }) => ({
      name,
      file,
      seed,
      description,
    }));
    const drawn = phantoms.map(({ name, seed, description }) => ({
      name,
      file: `${name}.jpg`,
      seed,
      description,
    }));
    expect(described).toEqual(drawn);
    const files = readdirSync(folder).filter((file) => file.endsWith('.jpg'));
    expect(files.sort()).toEqual(drawn.map(({ file }) => file));
  });

  it('take less than 500 KB', () => {
    const bytes = index.phantoms.map(({ file }) => statSync(join(folder, file)).size);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(500_000);
  });

  it.each(phantoms)(
    '$name is redrawn to the same pixels, which its file shows',
    async ({ name, seed, description, recipe }) => {
      const image = drawPhantom({ seed, recipe });
      const record = index.phantoms.find((candidate) => candidate.name === name);
      expect(hash(image.data)).toBe(record?.sha256);
      const file = sharp(join(folder, `${name}.jpg`));
      const { data, info } = await file.clone().raw().toBuffer({ resolveWithObject: true });
      expect(info).toMatchObject({ width: 600, height: 450, channels: 3 });
      expect(difference(data, image.data)).toBeLessThan(3);
      const { exif } = await file.metadata();
      expect(exif?.toString('latin1')).toContain(`SYNTHETIC PHANTOM, NO PATIENT: ${description}`);
    },
  );

  it('include one that a turn plainly changes', () => {
    const asymmetric = phantoms.find(({ name }) => name === 'phantom-02-asymmetric')!;
    const image = drawPhantom(asymmetric);
    expect(difference(image.data, halfTurn(image))).toBeGreaterThan(15);
  });
});

describe('drawPhantom', () => {
  it('gives equal pixels for equal seeds and others for others', () => {
    const size = { width: 120, height: 90 };
    const sums = [1, 2, 3, 1].map((seed) => hash(drawPhantom({ seed, ...size }).data));
    expect(sums[3]).toBe(sums[0]);
    expect(new Set(sums).size).toBe(3);
  });

  it('does not depend on what was drawn before', () => {
    const alone = hash(drawPhantom({ seed: 7, width: 80, height: 60 }).data);
    drawPhantom({ seed: 8, width: 33, height: 47 });
    expect(hash(drawPhantom({ seed: 7, width: 80, height: 60 }).data)).toBe(alone);
  });

  it.each([
    [600, 450],
    [450, 600],
    [224, 224],
    [1, 1],
    [1, 300],
  ])('draws %i x %i pixels', (width, height) => {
    const image = drawPhantom({ seed: 11, width, height });
    expect(image).toMatchObject({ width, height });
    expect(image.data.length).toBe(3 * width * height);
  });

  it('draws the same scene at every resolution', async () => {
    const { seed, recipe } = phantoms[1]!;
    const large = drawPhantom({ seed, recipe, width: 600, height: 450 });
    const small = drawPhantom({ seed, recipe, width: 150, height: 112 });
    const shrunk = await sharp(large.data, { raw: { width: 600, height: 450, channels: 3 } })
      .resize(150, 112, { fit: 'fill' })
      .raw()
      .toBuffer();
    expect(difference(shrunk, small.data)).toBeLessThan(5);
  });

  it.each([0, -1, 1.5, Number.NaN, 8193])('refuses a width of %d', (width) => {
    expect(() => drawPhantom({ seed: 1, width })).toThrow(RangeError);
  });

  it('uses no operation whose rounding depends on the platform', () => {
    const allowed = new Set(['floor', 'round', 'min', 'max', 'abs', 'sqrt', 'imul']);
    const sources = readdirSync(folder).filter(
      (file) => file.endsWith('.ts') && !/^generate|\.test\./.test(file),
    );
    expect(sources).toContain('noise.ts');
    for (const source of sources) {
      const code = readFileSync(join(folder, source), 'utf8').replace(/\/\/.*|\/\*[^]*?\*\//g, '');
      const used = [...code.matchAll(/Math\.(\w+)/g)].map((match) => match[1]!);
      expect(used.filter((name) => !allowed.has(name))).toEqual([]);
      expect(code).not.toContain('**');
    }
  });
});
