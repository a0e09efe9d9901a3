// Where the weights lie in what a training program saved: alone, under one of the usual keys, or somewhere among
// settings, optimizer states and objects of the program, which are named and not read.
import { DermOrbitError } from '../../contract/errors.ts';
import type { CheckpointTensor } from './checkpoint-tensor.ts';
import { PickleForeign } from './pickle-machine.ts';
import { TorchTensor } from './torch-archive.ts';

/** The weights of a file and what lies beside them. */
export interface FoundWeights {
  readonly tensors: Map<string, CheckpointTensor>;
  /** Where they stand in the file, e.g. "checkpoint.model"; null if they are the file. */
  readonly entry: string | null;
  /** What lies beside them, as a person reads it: `"args" (argparse.Namespace)`. */
  readonly skipped: readonly string[];
}

/** Where training programs put the weights (open_clip, Lightning: state_dict), the surest first. */
const weightKeys = [
  ...['state_dict', 'model_state_dict', 'model', 'net', 'network', 'module', 'weights', 'params', 'encoder'],
  ...['backbone', 'teacher', 'student', 'model_ema', 'ema'],
];

/** Keys whose tensors are no weights: moments, scales and losses. */
const stateKeys = /optim|sched|scaler|criterion|loss|metric|history|rng|random|grad/i;

/** {"checkpoint": {"model": {"state_dict": ...}}} is as deep as files were met. */
const maximumDepth = 3;
/** Entries that are looked into; dictionaries may hold each other. */
const maximumVisits = 100_000;

interface Candidate {
  readonly path: readonly string[];
  readonly tensors: Map<string, CheckpointTensor>;
}

/**
 * The weights in the value of a checkpoint.
 * @param foreign names that the file holds and weights do not need
 * @throws DermOrbitError CHECKPOINT_ENTRIES if several entries may be them, PICKLE_FORBIDDEN if the file holds an object
 *   in their place, CHECKPOINT_NOT_CLIP if there are none
 */
export function findWeights(root: unknown, foreign: ReadonlySet<string>): FoundWeights {
  const candidates: Candidate[] = [];
  collect(root, [], candidates, { visits: 0, seen: new Set() });
  const chosen = choose(candidates);
  if (chosen === null) throw noWeights(root, foreign);
  const entry = chosen.path.length > 0 ? chosen.path.join('.') : null;
  return { tensors: chosen.tensors, entry, skipped: beside(root, chosen.path) };
}

/** The entries of a dictionary, of whatever class; null for other values. */
function entriesOf(value: unknown): ReadonlyMap<unknown, unknown> | null {
  if (value instanceof PickleForeign) return value.items;
  return value instanceof Map ? value : null;
}

function collect(
  value: unknown,
  path: readonly string[],
  candidates: Candidate[],
  walk: { visits: number; readonly seen: Set<unknown> },
): void {
  const entries = entriesOf(value);
  if (entries === null || walk.seen.has(value)) return;
  walk.seen.add(value);
  const tensors = new Map<string, CheckpointTensor>();
  for (const [name, item] of entries) {
    if (++walk.visits > maximumVisits) break;
    if (typeof name !== 'string') continue;
    if (item instanceof TorchTensor) tensors.set(name, item.tensor);
    else if (path.length < maximumDepth && !stateKeys.test(name))
      collect(item, [...path, name], candidates, walk);
  }
  if (tensors.size > 0) candidates.push({ path, tensors });
}

/** The usual place if there are weights in it, else the only place, if there is only one. */
function choose(candidates: readonly Candidate[]): Candidate | null {
  const root = candidates.find(({ path }) => path.length === 0);
  const inside = candidates.filter(({ path }) => path.length > 0);
  // A step counter or a logit scale beside the weights is no state dict.
  if (root && inside.every(({ tensors }) => tensors.size <= root.tensors.size)) return root;
  const rank = ({ path }: Candidate) => {
    const place = weightKeys.indexOf(path.at(-1)!.toLowerCase());
    return place < 0 ? Infinity : place + path.length / (maximumDepth + 1);
  };
  const best = Math.min(...inside.map(rank));
  const likely = inside.filter((candidate) => rank(candidate) === best);
  if (likely.length > 1) {
    const entries = likely.map(
      ({ path, tensors }) => `"${path.join('.')}" holds ${tensors.size} named tensors`,
    );
    const more = entries.length > 8 ? ` and ${entries.length - 8} more entries` : '';
    throw new DermOrbitError('CHECKPOINT_ENTRIES', `${entries.slice(0, 8).join(', ')}${more}.`);
  }
  return likely[0] ?? null;
}

/** What lies beside the weights on the way to them. */
function beside(root: unknown, path: readonly string[]): string[] {
  const skipped: string[] = [];
  let value = root;
  for (const [depth, step] of path.entries()) {
    for (const [key, item] of entriesOf(value) ?? []) {
      if (key !== step)
        skipped.push(`"${[...path.slice(0, depth), textOf(key)].join('.')}" (${kindOf(item)})`);
    }
    value = entriesOf(value)?.get(step);
  }
  for (const [key, item] of entriesOf(value) ?? []) {
    if (!(item instanceof TorchTensor)) {
      skipped.push(`"${[...path, textOf(key)].join('.')}" (${kindOf(item)})`);
    }
  }
  return skipped;
}

const textOf = (key: unknown) => (typeof key === 'string' || typeof key === 'number' ? String(key) : '?');

/** What an entry is, in a word. */
function kindOf(value: unknown): string {
  if (value instanceof PickleForeign) return value.name;
  if (value instanceof TorchTensor) return 'tensor';
  if (value instanceof Map) return 'dictionary';
  if (Array.isArray(value)) return 'list';
  return value === null ? 'None' : typeof value === 'string' ? 'text' : typeof value;
}

function noWeights(root: unknown, foreign: ReadonlySet<string>): DermOrbitError {
  const names = [...foreign].map((name) => `"${name}"`);
  if (names.length > 0) {
    const shown = names.slice(0, 8).join(', ') + (names.length > 8 ? ` and ${names.length - 8} more` : '');
    const message = `It holds objects of ${shown} in the place of weights; such objects are not read.`;
    return new DermOrbitError('PICKLE_FORBIDDEN', message);
  }
  const keys = [...(entriesOf(root) ?? [])].map(([key, item]) => `"${textOf(key)}" (${kindOf(item)})`);
  const held = keys.length > 0 ? ` Its entries are ${keys.slice(0, 8).join(', ')}.` : '';
  return new DermOrbitError(
    'CHECKPOINT_NOT_CLIP',
    `The PyTorch file holds no dictionary of named tensors.${held}`,
  );
}
