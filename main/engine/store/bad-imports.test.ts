// Every way an import is known to fail, with its exact code: and after each, the store is as it was before. Rows are
// never removed. What checkpoint files alone can do wrong is in main/backbones/checkpoints/bad-checkpoints.test.ts.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  randomClip,
  randomCombiners,
  visualArchitecture,
} from '../../backbones/clip-resnet/random-weights.ts';
import type { SafetensorsInput } from '../../backbones/checkpoints/safetensors.ts';
import type { ImportRequest } from '../../contract/engine.ts';
import type { ErrorCode } from '../../contract/error-texts/table.ts';
import { joinBytes, pickled, stateDictFile, torchArchive } from '../../testing/checkpoint-files.ts';
import { temporaryStore } from '../../testing/model-store.ts';
import { smallCombiners, smallImport, smallVisual, writeTensors } from '../../testing/random-model.ts';
import { importModel } from './import.ts';

const temporary = temporaryStore();
const { root, store } = temporary;
let good: ImportRequest;
let withText: string;

beforeAll(async () => {
  good = smallImport(temporary, { id: 'new' });
  const text = { layers: 1, width: 64, heads: 1, contextLength: 16, vocabularySize: 16 };
  withText = writeTensors(root, 'with-text', randomClip(smallVisual, 4, text));
  await importModel(store, { ...good, id: 'taken' });
  mkdirSync(join(temporary.folders.bundled, 'bundled'));
});
afterAll(() => {
  temporary.remove();
});
afterEach(() => {
  const left = temporary.imported();
  // Removed for the sake of the rows that follow.
  rmSync(join(temporary.folders.imported, good.id), { recursive: true, force: true });
  expect(left).toEqual(['taken']);
});

let files = 0;
/** A file with this content, and its path. */
function file(content: Uint8Array | string, extension = 'bin'): string {
  const path = join(root, `file-${files++}.${extension}`);
  writeFileSync(path, content);
  return path;
}

/** The small checkpoint with some tensors replaced; null removes. */
function checkpoint(changes: Readonly<Record<string, Partial<SafetensorsInput> | null>>): string {
  return changedFile(randomClip(smallVisual, 1), changes);
}

function changedFile(
  tensors: Map<string, SafetensorsInput>,
  changes: Readonly<Record<string, Partial<SafetensorsInput> | null>>,
): string {
  for (const [name, change] of Object.entries(changes)) {
    if (change) tensors.set(name, { ...float32([1], 1), ...tensors.get(name), ...change });
    else tensors.delete(name);
  }
  return writeTensors(root, `changed-${files++}`, tensors);
}

function float32(dims: readonly number[], value: number): SafetensorsInput {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return { dims, dtype: 'float32', data: new Float32Array(count).fill(value) };
}

const wide = visualArchitecture({ layers: [1, 1, 1, 1], width: 2, resolution: 65 * 32, embeddingWidth: 4 });
const prompts = (content: unknown) => ({
  checkpoint: withText,
  classEmbeddings: undefined,
  prompts: file(typeof content === 'string' ? content : JSON.stringify(content), 'json'),
});
const names = { MEL: 'Melanoma', NV: 'Nevus', BCC: 'Basal Cell Carcinoma', DF: 'Dermatofibroma' };

type Change = () => { [Field in keyof ImportRequest]?: ImportRequest[Field] | undefined };
type Row = readonly [what: string, change: Change, code: ErrorCode, message?: RegExp | undefined];

const checkpoints: readonly Row[] = [
  ['no such file', () => ({ checkpoint: join(root, 'nowhere.pt') }), 'CHECKPOINT_NOT_FOUND'],
  ['a folder', () => ({ checkpoint: root }), 'CHECKPOINT_NOT_FOUND'],
  ['an empty file', () => ({ checkpoint: file('', 'pt') }), 'CHECKPOINT_TRUNCATED'],
  ['an image', () => ({ checkpoint: file('\x89PNG\r\n\x1a\n') }), 'CHECKPOINT_UNRECOGNISED'],
  [
    'a truncated safetensors file',
    () => ({ checkpoint: file(readFileSync(good.checkpoint).subarray(0, -100), 'safetensors') }),
    'CHECKPOINT_TRUNCATED',
  ],
  [
    'a truncated state dict',
    () => ({ checkpoint: file(stateDictFile(randomClip(smallVisual, 1)).subarray(0, -100), 'pt') }),
    'CHECKPOINT_TRUNCATED',
  ],
  [
    'a pickle that runs a command',
    () => ({
      checkpoint: file(
        torchArchive(
          pickled.program(pickled.global('os', 'system'), pickled.tuple(pickled.text('id')), 'R'),
          [joinBytes('0123456789abcdef')],
        ),
        'pt',
      ),
    }),
    'PICKLE_FORBIDDEN',
    /os\.system|os system/,
  ],
  [
    'not CLIP',
    () => ({ checkpoint: writeTensors(root, 'other', new Map([['fc.weight', float32([2, 2], 1)]])) }),
    'CHECKPOINT_NOT_CLIP',
  ],
  [
    'a vision transformer',
    () => ({ checkpoint: writeTensors(root, 'vit', new Map([['visual.proj', float32([2, 2], 1)]])) }),
    'CHECKPOINT_VIT',
  ],
  [
    'a tensor of the wrong shape',
    () => ({ checkpoint: checkpoint({ 'visual.bn2.bias': float32([3], 0) }) }),
    'CHECKPOINT_SHAPE',
    /visual\.bn2\.bias/,
  ],
  [
    'a tensor that is missing',
    () => ({ checkpoint: checkpoint({ 'visual.attnpool.k_proj.bias': null }) }),
    'CHECKPOINT_SHAPE',
    /k_proj\.bias/,
  ],
  [
    'weights that are not numbers',
    () => ({ checkpoint: checkpoint({ 'visual.bn1.weight': float32([2], NaN) }) }),
    'CHECKPOINT_NOT_FINITE',
    /visual\.bn1\.weight/,
  ],
  [
    'weights that overflow when they are used',
    () => ({
      checkpoint: checkpoint({
        'visual.bn1.weight': float32([2], 3e38),
        'visual.bn2.weight': float32([2], 3e38),
      }),
    }),
    'INFERENCE_FAILED',
    /not a number/,
  ],
  [
    'a resolution that no CLIP has',
    () => ({ checkpoint: writeTensors(root, 'wide', randomClip(wide, 1)), combiners: undefined }),
    'CLASS_EMBEDDINGS_INVALID',
  ],
  [
    'a resolution that no CLIP has, with class embeddings for it',
    () => ({
      checkpoint: writeTensors(root, 'wide', randomClip(wide, 1)),
      combiners: undefined,
      classEmbeddings: writeTensors(root, 'wide-T', new Map([['class_embeddings', float32([4, 4], 1)]])),
    }),
    'CHECKPOINT_SHAPE',
    /features\.size/,
  ],
];

const requests: readonly Row[] = [
  ...['../x', 'a/b', '..', '.', '', '.tmp-x-1', 'Upper', 'a b', 'a\\b', '-a', 'é', 'x'.repeat(65)].map(
    (id): Row => [`the id ${JSON.stringify(id)}`, () => ({ id }), 'MODEL_ID_INVALID'],
  ),
  ['the id of an imported model', () => ({ id: 'taken' }), 'MODEL_EXISTS'],
  ['the id of a bundled model', () => ({ id: 'bundled' }), 'MODEL_EXISTS'],
  ['an empty name', () => ({ name: '' }), 'OPTION_INVALID', /name/],
  ['a name of a page', () => ({ name: 'x'.repeat(201) }), 'OPTION_INVALID', /name/],
  ['a scale that is not a number', () => ({ scale: NaN }), 'OPTION_INVALID', /scale/],
  ['a card that is not there', () => ({ card: join(root, 'nowhere.md') }), 'OPTION_INVALID', /nowhere\.md/],
  ['a description that is not there', () => ({ about: join(root, 'nowhere.json') }), 'OPTION_INVALID'],
  ['a description that is not JSON', () => ({ about: file('name: x') }), 'OPTION_INVALID'],
  ['a description of something else', () => ({ about: file('{"metrics": 3}') }), 'OPTION_INVALID'],
  ['one class', () => ({ classes: ['MEL'] }), 'CLASSES_INVALID'],
  ['no classes', () => ({ classes: [] }), 'CLASSES_INVALID'],
  ['a class twice', () => ({ classes: ['MEL', 'NV', 'BCC', 'MEL '] }), 'CLASSES_INVALID', /distinct/],
  ['a class without a code', () => ({ classes: ['MEL', '', 'BCC', 'DF'] }), 'CLASSES_INVALID'],
  [
    'more classes than fit',
    () => ({ classes: Array.from({ length: 1001 }, (_, i) => `C${i}`) }),
    'CLASSES_INVALID',
  ],
];

const embeddings: readonly Row[] = [
  ['no class embeddings, no text tower', () => ({ classEmbeddings: undefined }), 'CLASS_EMBEDDINGS_NEEDED'],
  [
    'class embeddings and prompts',
    () => ({ ...prompts({}), classEmbeddings: good.classEmbeddings }),
    'OPTION_INVALID',
  ],
  [
    'class embeddings that are not there',
    () => ({ classEmbeddings: join(root, 'nowhere') }),
    'CLASS_EMBEDDINGS_INVALID',
  ],
  [
    'class embeddings for fewer classes',
    // Without combiners, whose class means are of four classes, too.
    () => ({ classes: ['MEL', 'NV', 'BCC'], combiners: undefined }),
    'CLASS_EMBEDDINGS_INVALID',
    /\[16, 3\]/,
  ],
  [
    'class embeddings of the wrong width',
    () => ({
      classEmbeddings: writeTensors(root, 'narrow', new Map([['class_embeddings', float32([15, 4], 1)]])),
    }),
    'CLASS_EMBEDDINGS_INVALID',
    /found \[15, 4\]/,
  ],
  [
    'transposed class embeddings',
    () => ({
      classEmbeddings: writeTensors(root, 'transposed', new Map([['class_embeddings', float32([4, 16], 1)]])),
    }),
    'CLASS_EMBEDDINGS_INVALID',
    /transposed/,
  ],
  [
    'class embeddings that are not numbers',
    () => ({
      classEmbeddings: writeTensors(root, 'nan', new Map([['class_embeddings', float32([16, 4], NaN)]])),
    }),
    'CLASS_EMBEDDINGS_INVALID',
    /not finite/,
  ],
  [
    'class embeddings under another name',
    () => ({ classEmbeddings: good.combiners }),
    'CLASS_EMBEDDINGS_INVALID',
    /no tensor/,
  ],
  [
    'prompts that are not there',
    () => ({ ...prompts(''), prompts: join(root, 'nowhere') }),
    'PROMPTS_INVALID',
  ],
  ['prompts that are not JSON', () => prompts('names: x'), 'PROMPTS_INVALID'],
  ['prompts without templates', () => prompts({ names, templates: [] }), 'PROMPTS_INVALID', /templates/],
  [
    'a template without a place for the name',
    () => prompts({ names, templates: ['a photo.'] }),
    'PROMPTS_INVALID',
    /templates\.0/,
  ],
  [
    'prompts that lack a class',
    () => prompts({ names: { MEL: 'Melanoma' }, templates: ['a {}.'] }),
    'PROMPTS_INVALID',
    /NV/,
  ],
  [
    'prompts for a text tower with another vocabulary',
    () => prompts({ names, templates: ['a {}.'] }),
    'CLASS_EMBEDDINGS_NEEDED',
    /16 tokens/,
  ],
];

const combiners: readonly Row[] = [
  ['combiners that are not there', () => ({ combiners: join(root, 'nowhere') }), 'COMBINERS_INVALID'],
  [
    'combiners that are no safetensors file',
    () => ({ combiners: file('{"lambda": 1}', 'json') }),
    'SAFETENSORS_INVALID',
  ],
  [
    'combiners that are cut short',
    () => ({ combiners: file(readFileSync(good.combiners!).subarray(0, -9), 'safetensors') }),
    'COMBINERS_INVALID',
    /safetensors/,
  ],
  ['combiners that are none', () => ({ combiners: good.classEmbeddings }), 'COMBINERS_INVALID', /none of/],
  [
    'combiners that lack a tensor',
    () => ({ combiners: changedFile(smallCombiners(), { 'lambda.main.2.weight': null }) }),
    'COMBINERS_INVALID',
    /lambda\.main\.2\.weight/,
  ],
  [
    'combiners of another image tower',
    () => ({
      combiners: writeTensors(root, 'others', randomCombiners({ ...smallVisual, featureChannels: 64 }, 1)),
    }),
    'COMBINERS_INVALID',
    /lambda\.main\.0/,
  ],
  [
    'combiners of another size of map',
    () => ({
      combiners: writeTensors(root, 'larger', randomCombiners({ ...smallVisual, featureSize: 7 }, 1)),
    }),
    'COMBINERS_INVALID',
  ],
  [
    'combiners that are not numbers',
    () => ({ combiners: changedFile(smallCombiners(), { 'lambda.main.4.bias': float32([1], Infinity) }) }),
    'COMBINERS_INVALID',
    /lambda\.main\.4\.bias/,
  ],
];

describe.each([
  ['the checkpoint', checkpoints],
  ['the request', requests],
  ['the class embeddings', embeddings],
  ['the combiners', combiners],
])('%s', (_, rows) => {
  it.each(rows.map(([what, ...row]) => ({ what, row })))('$what', async ({ row }) => {
    const [change, code, message = /./] = row;
    const request = Object.fromEntries(
      Object.entries({ ...good, ...change() }).filter(([, value]) => value !== undefined),
    ) as ImportRequest;
    await expect(importModel(store, request)).rejects.toMatchObject({
      name: 'DermOrbitError',
      code,
      message: expect.stringMatching(message) as unknown,
    });
  });
});
