// Every way a model package is known to be wrong, with its exact code. Packages come from elsewhere: nothing of
// them is used before it is found to be what a package of ours is. Rows are never removed.
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeSafetensors } from '../../backbones/checkpoints/safetensors.ts';
import type { ErrorCode } from '../../contract/error-texts/table.ts';
import type { Manifest, PackageFileRole } from '../../contract/manifest.ts';
import { combinerSchema } from '../../contract/settings.ts';
import { decodeModel, encodeModel } from '../../onnx/codec.ts';
import { pruneToOutputs } from '../../onnx/graph.ts';
import { temporaryStore } from '../../testing/model-store.ts';
import { smallClassEmbeddings, smallImport } from '../../testing/random-model.ts';
import { loadModel } from '../model.ts';
import { importModel } from './import.ts';
import { manifestName, openPackage, sha256Of } from './package.ts';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
  TensorProto_DataLocation as DataLocation,
  type ModelProto,
} from '../../onnx/proto/onnx-ml_pb.ts';

const temporary = temporaryStore();
let good: string;
beforeAll(async () => {
  good = (await importModel(temporary.store, smallImport(temporary, { id: 'good' }))).folder;
});
afterAll(() => {
  temporary.remove();
});

/** A copy of the good package on which a row does its damage. */
class Damaged {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    cpSync(good, folder, { recursive: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  manifest(): Manifest {
    return JSON.parse(readFileSync(this.path(manifestName), 'utf8')) as Manifest;
  }

  /** Changes the manifest; what it changes to need not be valid. */
  change(edit: (manifest: Manifest) => unknown): void {
    const manifest = this.manifest();
    writeFileSync(this.path(manifestName), JSON.stringify(edit(manifest) ?? manifest));
  }

  /** Puts other bytes into a file and their true hash into the manifest: whoever does this knows the format. */
  forge(role: PackageFileRole, edit: (bytes: Uint8Array) => Uint8Array): void {
    this.change((manifest) => {
      const file = manifest.files[role]!;
      const bytes = edit(readFileSync(this.path(file.path)));
      writeFileSync(this.path(file.path), bytes);
      return {
        ...manifest,
        files: { ...manifest.files, [role]: { ...file, sha256: sha256Of(bytes), bytes: bytes.length } },
      };
    });
  }

  /** Changes the message of a graph below what our own codec can express. */
  forgeGraph(role: PackageFileRole, edit: (model: ModelProto) => void): void {
    this.forge(role, (bytes) => {
      const model = fromBinary(ModelProtoSchema, bytes);
      edit(model);
      return toBinary(ModelProtoSchema, model);
    });
  }
}

function int64Constant(name: string, values: readonly bigint[]) {
  const rawData = new Uint8Array(BigInt64Array.from(values).buffer);
  return create(TensorProtoSchema, { name, dims: [BigInt(values.length)], dataType: 7, rawData });
}

const operator = (opType: string, input: string[], output: string) =>
  create(NodeProtoSchema, { opType, input, output: [output] });

function flipByte(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
}

const tower = 'image-tower.onnx';
const withPath = (path: string) => (damaged: Damaged) => {
  damaged.change(({ files, ...rest }) => ({
    ...rest,
    files: { ...files, lambda: { ...files.lambda, path } },
  }));
};
const withField = (field: string, value: unknown) => (damaged: Damaged) => {
  damaged.change((manifest) => ({ ...manifest, [field]: value }));
};
const withText = (text: string | Uint8Array) => (damaged: Damaged) => {
  writeFileSync(damaged.path(manifestName), text);
};

const table: readonly [what: string, damage: (damaged: Damaged) => void, code: ErrorCode][] = [
  // Files that are not what the manifest promises
  [
    'one bit of a graph is changed',
    (d) => {
      flipByte(d.path(tower));
    },
    'MODEL_HASH_MISMATCH',
  ],
  [
    'one bit of the class embeddings is changed',
    (d) => {
      flipByte(d.path('class-embeddings.safetensors'));
    },
    'MODEL_HASH_MISMATCH',
  ],
  [
    'one bit of a combiner is changed',
    (d) => {
      flipByte(d.path('attention.onnx'));
    },
    'MODEL_HASH_MISMATCH',
  ],
  [
    'a graph is cut short',
    (d) => {
      writeFileSync(d.path(tower), readFileSync(d.path(tower)).subarray(1));
    },
    'MODEL_HASH_MISMATCH',
  ],
  [
    'a graph is empty',
    (d) => {
      writeFileSync(d.path(tower), '');
    },
    'MODEL_HASH_MISMATCH',
  ],
  [
    'the hash in the manifest is another',
    (d) => {
      d.change((m) => {
        m.files.imageTower.sha256 = '0'.repeat(64);
      });
    },
    'MODEL_HASH_MISMATCH',
  ],
  [
    'the size in the manifest is another',
    (d) => {
      d.change((m) => {
        m.files.imageTower.bytes++;
      });
    },
    'MODEL_HASH_MISMATCH',
  ],
  [
    'a graph is missing',
    (d) => {
      rmSync(d.path(tower));
    },
    'MODEL_FILE_MISSING',
  ],
  [
    'a combiner is missing',
    (d) => {
      rmSync(d.path('lambda.onnx'));
    },
    'MODEL_FILE_MISSING',
  ],
  [
    'a graph is a link, even to the right bytes',
    (d) => {
      rmSync(d.path(tower));
      symlinkSync(join(good, tower), d.path(tower));
    },
    'MODEL_FILE_MISSING',
  ],
  [
    'a graph is a link to nothing',
    (d) => {
      rmSync(d.path(tower));
      symlinkSync('nowhere', d.path(tower));
    },
    'MODEL_FILE_MISSING',
  ],
  [
    'a graph is a folder',
    (d) => {
      rmSync(d.path(tower));
      mkdirSync(d.path(tower));
    },
    'MODEL_FILE_MISSING',
  ],
  // Manifests
  [
    'there is no manifest',
    (d) => {
      rmSync(d.path(manifestName));
    },
    'MODEL_NOT_FOUND',
  ],
  [
    'there is no folder',
    (d) => {
      rmSync(d.folder, { recursive: true });
    },
    'MODEL_NOT_FOUND',
  ],
  [
    'the manifest is a link',
    (d) => {
      renameSync(d.path(manifestName), d.path('real.json'));
      symlinkSync('real.json', d.path(manifestName));
    },
    'MANIFEST_INVALID',
  ],
  [
    'the manifest is a folder',
    (d) => {
      rmSync(d.path(manifestName));
      mkdirSync(d.path(manifestName));
    },
    'MANIFEST_INVALID',
  ],
  ['the manifest is larger than any page of JSON', withText(' '.repeat(1_000_001)), 'MANIFEST_INVALID'],
  ['the manifest is empty', withText(''), 'MANIFEST_INVALID'],
  ['the manifest is not JSON', withText('{"schema": 1,'), 'MANIFEST_INVALID'],
  ['the manifest is not UTF-8', withText(Uint8Array.of(0x22, 0xff, 0xfe, 0x22)), 'MANIFEST_INVALID'],
  ['the manifest is no object', withText('[]'), 'MANIFEST_INVALID'],
  ['the manifest is of a later version', withField('schema', 3), 'MANIFEST_INVALID'],
  ['the manifest has a field that we do not know', withField('run', 'setup.sh'), 'MANIFEST_INVALID'],
  ['the manifest names no files', withField('files', {}), 'MANIFEST_INVALID'],
  ['the manifest names one class', withField('classes', ['MEL']), 'MANIFEST_INVALID'],
  ['the manifest names a class twice', withField('classes', ['MEL', 'NV', 'NV']), 'MANIFEST_INVALID'],
  [
    'the manifest has an impossible size',
    withField('input', { size: 1e9, mean: [0, 0, 0], std: [1, 1, 1] }),
    'MANIFEST_INVALID',
  ],
  ['the manifest has an id that is a path', withField('id', '../good'), 'MANIFEST_INVALID'],
  // Names that are paths
  ...[
    '../good/lambda.onnx',
    '/etc/passwd',
    'sub/lambda.onnx',
    'sub\\lambda.onnx',
    '..',
    '.',
    '',
    '.hidden',
    'C:lambda.onnx',
    'lambda.onnx\0.png',
    '~/lambda.onnx',
  ].map((path): [string, (damaged: Damaged) => void, ErrorCode] => [
    `the manifest names the file ${JSON.stringify(path)}`,
    withPath(path),
    'MANIFEST_INVALID',
  ]),
  // Graphs with the right hash that reach outside themselves, or are not the graph of their role
  [
    'a graph with external data',
    (d) => {
      d.forgeGraph('imageTower', ({ graph }) => {
        const [constant] = graph!.initializer;
        constant!.rawData = new Uint8Array(0);
        constant!.dataLocation = DataLocation.EXTERNAL;
        constant!.externalData = [
          create(StringStringEntryProtoSchema, { key: 'location', value: '../../../../etc/passwd' }),
        ];
      });
    },
    'MODEL_UNSAFE',
  ],
  [
    'a combiner with external data, not marked as such',
    (d) => {
      d.forgeGraph('lambda', ({ graph }) => {
        graph!.initializer[0]!.externalData = [
          create(StringStringEntryProtoSchema, { key: 'location', value: 'secret' }),
        ];
      });
    },
    'MODEL_UNSAFE',
  ],
  [
    'a graph with an operator of its own',
    (d) => {
      d.forgeGraph('head', ({ graph }) => {
        graph!.node[0]!.domain = 'com.example';
      });
    },
    'MODEL_UNSAFE',
  ],
  [
    'a graph that imports operators',
    (d) => {
      d.forgeGraph('imageTower', ({ opsetImport }) => {
        opsetImport.push(create(OperatorSetIdProtoSchema, { domain: 'com.example', version: 1n }));
      });
    },
    'MODEL_UNSAFE',
  ],
  [
    'a graph inside a graph',
    (d) => {
      d.forgeGraph('imageTower', ({ graph }) => {
        graph!.node[0]!.attribute = [
          create(AttributeProtoSchema, {
            name: 'then_branch',
            type: AttributeType.GRAPH,
            g: { name: 'inner' },
          }),
        ];
      });
    },
    'MODEL_UNSAFE',
  ],
  [
    'a graph that is text',
    (d) => {
      d.forge('imageTower', () => Buffer.from('not a graph at all'));
    },
    'MODEL_UNSAFE',
  ],
  [
    'a graph that is empty',
    (d) => {
      d.forge('imageTower', () => new Uint8Array(0));
    },
    'MODEL_UNSAFE',
  ],
  [
    'the graph of another role',
    (d) => {
      d.forge('lambda', () => readFileSync(d.path('attention.onnx')));
    },
    'MODEL_UNSAFE',
  ],
  [
    'an attention pool without the embedding',
    (d) => {
      d.forge('head', (bytes) => {
        const model = decodeModel(bytes);
        return encodeModel({ ...model, graph: pruneToOutputs(model.graph, ['evidence']) });
      });
    },
    'MODEL_UNSAFE',
  ],
  [
    'an attention pool that is made of something else',
    (d) => {
      d.forgeGraph('head', ({ graph }) => {
        for (const node of graph!.node) {
          node.output = node.output.map((name) => (name === 'probe' ? 'another' : name));
          node.input = node.input.map((name) => (name === 'probe' ? 'another' : name));
        }
      });
    },
    'MODEL_UNSAFE',
  ],
  [
    'a graph whose operators do not fit together',
    (d) => {
      d.forgeGraph('imageTower', ({ graph }) => {
        graph!.node[0]!.opType = 'NoSuchOperator';
      });
    },
    'INFERENCE_FAILED',
  ],
  [
    'a graph that would fill the memory',
    (d) => {
      d.forgeGraph('imageTower', ({ graph }) => {
        const last = graph!.node.find(({ output }) => output.includes('features'))!;
        last.output = ['map'];
        graph!.initializer.push(int64Constant('wide', [1n, 800n, 1000n, 1000n]));
        graph!.node.push(
          operator('ReduceMean', ['image'], 'mean'),
          operator('Expand', ['mean', 'wide'], 'expanded'),
          operator('ReduceMax', ['expanded'], 'most'),
          operator('Add', ['map', 'most'], 'features'),
        );
      });
    },
    'MODEL_UNSAFE',
  ],
  [
    'a graph with a result of any size',
    (d) => {
      d.forgeGraph('lambda', ({ graph }) => {
        graph!.node[0]!.opType = 'Tile';
      });
    },
    'MODEL_UNSAFE',
  ],
  // Class embeddings with the right hash
  [
    'class embeddings of another number of classes',
    (d) => {
      d.forge('classEmbeddings', () => writeSafetensors(smallClassEmbeddings(7)));
    },
    'CLASS_EMBEDDINGS_INVALID',
  ],
  [
    'class embeddings that are no safetensors file',
    (d) => {
      d.forge('classEmbeddings', () => Buffer.from('{}'));
    },
    'CHECKPOINT_TRUNCATED',
  ],
];

it.each(table)('%s', async (_, damage, code) => {
  const damaged = new Damaged(join(temporary.root, 'damaged'));
  try {
    damage(damaged);
    const opening = openPackage(damaged.folder).then((opened) => loadModel(opened, 'cpu'));
    await expect(opening).rejects.toMatchObject({ name: 'DermOrbitError', code });
  } finally {
    rmSync(damaged.folder, { recursive: true, force: true });
  }
});

it('a copy without damage opens, so that every row above is refused for its own reason', async () => {
  const damaged = new Damaged(join(temporary.root, 'whole'));
  const model = await loadModel(await openPackage(damaged.folder), 'cpu');
  expect([...model.combiners]).toEqual([...combinerSchema.options]);
  await model.release();
});
