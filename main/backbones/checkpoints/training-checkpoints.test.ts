// What training programs save beside their weights: skipped and named, never built, and weights found wherever they
// lie. Nothing that a file names is ever imported or called.
import { describe, expect, it } from 'vitest';
import { DermOrbitError } from '../../contract/errors.ts';
import {
  joinBytes,
  pickled,
  pickledTensor,
  randomClip,
  stateDictFile,
  torchArchive,
} from '../../testing/checkpoint-files.ts';
import { readCheckpoint } from './checkpoint.ts';

const good = randomClip();
const names = new Set(good.keys());
const namesOf = (file: Uint8Array) => new Set(readCheckpoint(file, 'epoch_5.pt').tensors.keys());

const text = pickled.text;
const dict = (...entries: [string, Uint8Array][]) => pickled.dict(entries);
/** Instructions as pickletools shows them. */
const scalar = pickled.call(
  pickled.global('numpy.core.multiarray', 'scalar'),
  joinBytes(
    pickled.call(pickled.global('numpy', 'dtype'), text('f8'), joinBytes('\x89'), joinBytes('\x88')),
    pickled.tuple(pickled.integer(3), text('<'), joinBytes('N')),
    'b',
  ),
  pickled.call(pickled.global('_codecs', 'encode'), text('\x00\x00'), text('latin1')),
);
const extras: readonly (readonly [string, Uint8Array, string])[] = [
  ['args', pickled.instance(['argparse', 'Namespace'], dict(['lr', text('0.001')])), 'argparse.Namespace'],
  ['best', scalar, 'numpy.core.multiarray.scalar'],
  [
    'hyper_parameters',
    // A dictionary of a class of its own: REDUCE, then SETITEMS.
    joinBytes(
      pickled.call(pickled.global('pytorch_lightning.utilities', 'AttributeDict')),
      '(',
      text('a'),
      'Nu',
    ),
    'pytorch_lightning.utilities.AttributeDict',
  ],
  [
    'path',
    pickled.call(pickled.global('pathlib', 'PosixPath'), text('/data'), text('x')),
    'pathlib.PosixPath',
  ],
  ['settings', pickled.instance(['types', 'SimpleNamespace'], dict()), 'types.SimpleNamespace'],
  [
    'counts',
    joinBytes(pickled.call(pickled.global('collections', 'Counter'), dict()), '(', text('a'), 'K\x01u'),
    'collections.Counter',
  ],
  [
    'queue',
    joinBytes(pickled.call(pickled.global('collections', 'deque')), '(K\x01K\x02e'),
    'collections.deque',
  ],
  [
    'mode',
    pickled.call(pickled.global('my.project.modes', 'Mode'), pickled.integer(2)),
    'my.project.modes.Mode',
  ],
  ['named', joinBytes(pickled.global('my.project', 'Config'), ')}\x92}b'), 'my.project.Config'],
  ['old', joinBytes('(', text('x'), 'imy.project\nOld\n'), 'my.project.Old'],
  [
    'optimizer',
    dict([
      'state',
      joinBytes(
        '}(K\x00',
        dict(['exp_avg', pickledTensor({ key: '0', dtype: 'float16', dims: [1], count: 1 })]),
        'u',
      ),
    ]),
    'dictionary',
  ],
  ['epoch', pickled.integer(5), 'number'],
  ['loss', pickledTensor({ key: '0', dtype: 'float16', dims: [1], count: 1 }), 'tensor'],
];

describe('beside the weights', () => {
  it.each(extras)('"%s" is skipped and named', (key, value, kind) => {
    const before = stateDictFile(good, (weights) => dict([key, value], ['state_dict', weights]));
    const after = stateDictFile(good, (weights) => dict(['state_dict', weights], [key, value]));
    for (const file of [before, after]) {
      expect(namesOf(file)).toEqual(names);
      expect(readCheckpoint(file, 'a.pt').skipped).toEqual([`"${key}" (${kind})`]);
    }
  });

  it('all of it at once, inside the weights too', () => {
    const file = stateDictFile(good, (weights) =>
      dict(
        ['model', joinBytes(weights, '(', text('_extra'), scalar, 'u')],
        ...extras.map(([k, v]) => [k, v] as [string, Uint8Array]),
      ),
    );
    const { tensors, skipped } = readCheckpoint(file, 'a.pt');
    expect(new Set(tensors.keys())).toEqual(names);
    expect(skipped).toHaveLength(extras.length + 1);
    expect(skipped).toContain('"model._extra" (numpy.core.multiarray.scalar)');
  });
});

describe('weights', () => {
  it.each(['net', 'encoder', 'network', 'ema', 'whatever'])('are found under "%s"', (key) => {
    const file = stateDictFile(good, (weights) => dict([key, weights], ['epoch', pickled.integer(9)]));
    expect(namesOf(file)).toEqual(names);
  });

  it('are found under two keys, and in a dictionary of an unknown class', () => {
    const nested = stateDictFile(good, (weights) => dict(['checkpoint', dict(['model', weights])]));
    expect(namesOf(nested)).toEqual(names);
    expect(readCheckpoint(nested, 'a.pt').entry).toBe('checkpoint.model');
    expect(readCheckpoint(stateDictFile(good), 'a.pt').entry).toBeNull();
    const own = stateDictFile(good, (weights) =>
      // The items of the dictionary, set on an object of another class.
      dict(['net', joinBytes(pickled.call(pickled.global('easydict', 'EasyDict')), weights.subarray(1))]),
    );
    expect(namesOf(own)).toEqual(names);
  });

  it('of a usual name go before others', () => {
    const few = dict(['a', pickledTensor({ key: '0', dtype: 'float16', dims: [1], count: 1 })]);
    const file = stateDictFile(good, (weights) => dict(['ema', few], ['probe', few], ['net', weights]));
    expect(namesOf(file)).toEqual(names);
    expect(readCheckpoint(file, 'a.pt').skipped).toEqual(['"ema" (dictionary)', '"probe" (dictionary)']);
  });

  it('in several entries of unknown names are asked for', () => {
    const file = stateDictFile(good, (weights) => dict(['left', weights], ['right', weights]));
    const count = good.size;
    expect(refusalOf(file)).toEqual({
      code: 'CHECKPOINT_ENTRIES',
      message: `a.pt: "left" holds ${count} named tensors, "right" holds ${count} named tensors.`,
    });
  });

  it('that are missing: the entries are listed', () => {
    const file = torchArchive(pickled.program(dict(['epoch', pickled.integer(3)], ['note', text('x')])));
    expect(refusalOf(file).message).toMatch(
      /no dictionary of named tensors\. Its entries are "epoch" \(number\), "note"/,
    );
  });
});

function refusalOf(file: Uint8Array): { code: string; message: string } {
  try {
    readCheckpoint(file, 'a.pt');
  } catch (error) {
    if (error instanceof DermOrbitError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('Nothing was refused');
}

describe('hostile entries beside good weights', () => {
  it.each([
    ['os', 'system'],
    ['nt', 'system'],
    ['subprocess', 'check_output'],
    ['builtins', 'exec'],
    ['builtins', '__import__'],
    ['__builtin__', 'eval'],
    ['runpy', '_run_code'],
    ['importlib', 'import_module'],
    ['types', 'FunctionType'],
    ['operator', 'methodcaller'],
    ['os.path', 'join'],
  ])('are refused: %s.%s', (module, name) => {
    const call = pickled.call(pickled.global(module, name), text('id'));
    const file = stateDictFile(good, (weights) => dict(['state_dict', weights], ['args', call]));
    expect(refusalOf(file).code).toBe('PICKLE_FORBIDDEN');
  });

  it('are inert: nothing that is foreign is called, has attributes or becomes a tensor', () => {
    const attack = pickled.call(
      pickled.global('torch.hub', 'load'),
      pickled.call(pickled.global('builtins', 'getattr'), pickled.global('my', 'module'), text('__class__')),
    );
    const file = stateDictFile(good, (weights) =>
      dict(
        ['state_dict', weights],
        ['args', joinBytes(attack, dict(['__proto__', dict()], ['a', attack]), 'b')],
      ),
    );
    expect(readCheckpoint(file, 'a.pt').skipped).toEqual(['"args" (torch.hub.load)']);
    expect(namesOf(file)).toEqual(names);
  });
});
