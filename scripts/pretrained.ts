// Writes a pretrained network as an ONNX file, and beside it a JSON file that says where it comes from. The recipe of the
// bundled model reads the same networks by itself; this is for looking at one. docs/PRETRAINED.md.
// usage: npm run pretrained -- NAME [--size 160] [--out .]
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../main/base/durable-files.ts';
import { DermOrbitError, nextStep } from '../main/contract/errors.ts';
import { encodeModel } from '../main/onnx/codec.ts';
import { startRows } from './base/start-rows.ts';
import { startNamed } from './base/starts.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { size: { type: 'string', default: '160' }, out: { type: 'string', default: '.' } },
});
const [name] = positionals;

try {
  const start = startNamed(name ?? '');
  if (!start) throw new DermOrbitError('OPTION_INVALID', 'scratch is no pretrained network.');
  const { tower, ...network } = await start.read(Number(options.size));
  const onnx = encodeModel(tower);
  const [file, about] = [`${name}.onnx`, join(resolve(options.out), `${name}.json`)];
  const row = Object.entries(startRows).find(([known]) => known === name)?.[1];
  const record = {
    ...{ network: file, ...network, ...start.provenance },
    size: Number(options.size),
    sha256: createHash('sha256').update(onnx).digest('hex'),
    ...(row ? { package: row.package, files: row.files } : {}),
  };
  await writeFileAtomic(join(resolve(options.out), file), onnx);
  await writeFileAtomic(about, `${JSON.stringify(record, null, 2)}\n`);
  process.stdout.write(`${file}: ${onnx.length} bytes, ${record.sha256}\n`);
} catch (error) {
  if (!(error instanceof DermOrbitError)) throw error;
  process.stderr.write(`${error.title}: ${error.message}\n${nextStep(error, 'cli')}\n`);
  process.exitCode = 1;
}
