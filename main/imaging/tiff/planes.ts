// TIFF files in tiles with a plane for each colour, which libvips does not read: each plane is given to it as a grey
// picture of its own, so that every compression it knows works, and the decoded planes become a plain TIFF.
import { refuseTooLarge, maximumPixels } from '../limits.ts';
import { sharp } from '../sharp.ts';
import { numbersOf, tags, valueBytes, type Directory } from './directory.ts';
import { writeTiff, type Field } from './write.ts';

const rgb = 2;
const blackIsZero = 1;
const separate = 2;

/** Whether libvips needs the planes joined: tiles, separate planes, red, green, blue and perhaps alpha, 8 or 16 bits. */
export function isTiledInPlanes(bytes: Uint8Array, directory: Directory): boolean {
  const number = (tag: number) => numbersOf(bytes, directory, tag)?.[0];
  const bits = numbersOf(bytes, directory, tags.bitsPerSample) ?? [];
  const samples = number(tags.samplesPerPixel) ?? 1;
  return (
    number(tags.planarConfiguration) === separate &&
    number(tags.photometric) === rgb &&
    (samples === 3 || samples === 4) &&
    bits.length === samples &&
    bits.every((one) => one === bits[0] && (one === 8 || one === 16)) &&
    (number(tags.sampleFormat) ?? 1) === 1 &&
    (numbersOf(bytes, directory, tags.tileOffsets)?.length ?? 0) > 0
  );
}

/**
 * @param name of the file, for messages
 * @returns an uncompressed TIFF with the same pixels, orientation and colour profile
 * @throws DermOrbitError IMAGE_TOO_LARGE; errors of libvips if a plane is damaged or incomplete
 */
export async function joinPlanes(bytes: Uint8Array, directory: Directory, name: string): Promise<Uint8Array> {
  const numbers = (tag: number): number[] => numbersOf(bytes, directory, tag) ?? [];
  const [width = 0, height = 0] = [numbers(tags.width)[0], numbers(tags.height)[0]];
  refuseTooLarge(name, width, height);
  const samples = numbers(tags.samplesPerPixel)[0]!;
  const bits = numbers(tags.bitsPerSample)[0]!;
  const [offsets, lengths] = [numbers(tags.tileOffsets), numbers(tags.tileByteCounts)];
  const perPlane = offsets.length / samples;
  if (!Number.isInteger(perPlane) || lengths.length !== offsets.length) {
    throw new Error(`${offsets.length} tiles of ${lengths.length} lengths make no ${samples} planes`);
  }
  const size = bits / 8;
  const joined = new Uint8Array(width * height * samples * size);
  for (let plane = 0; plane < samples; plane++) {
    const tiles = offsets.slice(plane * perPlane, (plane + 1) * perPlane).map((offset, index) => {
      const length = lengths[plane * perPlane + index]!;
      if (offset + length > bytes.length) throw new Error('a tile lies behind the end of the file');
      return bytes.subarray(offset, offset + length);
    });
    const values = await greyOf(bytes, directory, tiles);
    if (values.length !== width * height * size) throw new Error('a plane has another size than the image');
    for (let i = 0, from = 0; from < values.length; i++, from += size) {
      const to = (i * samples + plane) * size;
      for (let byte = 0; byte < size; byte++) joined[to + byte] = values[from + byte]!;
    }
  }
  const profile = directory.entries.find(({ tag }) => tag === tags.iccProfile);
  const profileBytes = profile && valueBytes(bytes, directory, profile);
  const fields: Field[] = [
    { tag: tags.width, numbers: [width] },
    { tag: tags.height, numbers: [height] },
    { tag: tags.bitsPerSample, numbers: new Array<number>(samples).fill(bits), short: true },
    { tag: tags.compression, numbers: [1], short: true },
    { tag: tags.photometric, numbers: [rgb], short: true },
    { tag: tags.orientation, numbers: [numbers(tags.orientation)[0] ?? 1], short: true },
    { tag: tags.samplesPerPixel, numbers: [samples], short: true },
    { tag: tags.rowsPerStrip, numbers: [height] },
    ...(samples === 4
      ? [{ tag: tags.extraSamples, numbers: [numbers(tags.extraSamples)[0] ?? 2], short: true }]
      : []),
    ...(profileBytes ? [{ tag: tags.iccProfile, bytes: profileBytes }] : []),
  ];
  return writeTiff({ littleEndian: true, fields, blocks: { kind: 'strips', data: [joined] } });
}

/** One plane, decoded; 16-bit values come in the order of this computer (little-endian on all that we run on). */
async function greyOf(
  bytes: Uint8Array,
  directory: Directory,
  tiles: readonly Uint8Array[],
): Promise<Uint8Array> {
  const numbers = (tag: number): number[] => numbersOf(bytes, directory, tag) ?? [];
  const bits = numbers(tags.bitsPerSample)[0]!;
  const plain = [tags.width, tags.height, tags.tileWidth, tags.tileLength] as const;
  const short = [tags.compression, tags.predictor] as const;
  const one = (tag: number, isShort: boolean): Field[] => {
    const value = numbers(tag)[0];
    return value === undefined ? [] : [{ tag, numbers: [value], short: isShort }];
  };
  const tables = directory.entries.find(({ tag }) => tag === tags.jpegTables);
  const tableBytes = tables && valueBytes(bytes, directory, tables);
  const file = writeTiff({
    littleEndian: directory.layout.littleEndian,
    fields: [
      ...plain.flatMap((tag) => one(tag, false)),
      ...short.flatMap((tag) => one(tag, true)),
      { tag: tags.bitsPerSample, numbers: [bits], short: true },
      { tag: tags.photometric, numbers: [blackIsZero], short: true },
      { tag: tags.samplesPerPixel, numbers: [1], short: true },
      ...(tableBytes ? [{ tag: tags.jpegTables, bytes: tableBytes }] : []),
    ],
    blocks: { kind: 'tiles', data: tiles },
  });
  const grey = sharp(file, { failOn: 'warning', limitInputPixels: maximumPixels });
  const raw =
    bits === 16 ? grey.toColourspace('grey16').raw({ depth: 'ushort' }) : grey.toColourspace('b-w').raw();
  return raw.toBuffer();
}
