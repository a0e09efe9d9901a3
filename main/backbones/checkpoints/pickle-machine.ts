// The stack machine that Python's pickles are programs for, with the instructions that only build values. Every name
// (class or function) goes to a resolver that knows the few that weights need; nothing of the file is executed.
import { DermOrbitError } from '../../contract/errors.ts';

/** Integers in checkpoints are sizes, counts and seeds. */
const MAX_INTEGER_BYTES = 256;

/** A whitelisted name and what it stands for. One without `call` and `create` is a bare name (a storage type). */
export class PickleGlobal {
  readonly name: string;
  /** What calling it with these (unchecked) arguments gives. */
  readonly call: ((args: readonly unknown[]) => unknown) | undefined;
  /** A new, empty instance. */
  readonly create: (() => PickleObject) | undefined;

  constructor(
    name: string,
    meaning: { call?: (args: readonly unknown[]) => unknown; create?: () => PickleObject } = {},
  ) {
    this.name = name;
    this.call = meaning.call;
    this.create = meaning.create;
  }
}

/** An instance of a class: its attributes and nothing else. */
export class PickleObject {
  readonly attributes = new Map<string, unknown>();
}

/**
 * What a name that weights do not need would have made: nothing is made of it. Items that are set on it are kept as
 * data, since a dictionary of weights may be of a class of the program that saved it.
 */
export class PickleForeign {
  /** The name that the file gives, e.g. "argparse.Namespace". */
  readonly name: string;
  readonly items = new Map<unknown, unknown>();

  constructor(name: string) {
    this.name = name;
  }
}

/** How the names and the external storages of one file format are understood. */
export interface PickleResolver {
  /** The meaning of a name: a foreign one is carried along and never becomes anything; null where it is forbidden. */
  global(module: string, name: string): PickleGlobal | PickleForeign | null;
  /** What a persistent id (unchecked) stands for. */
  persistent(id: unknown): unknown;
}

export function damagedPickle(message: string): DermOrbitError {
  return new DermOrbitError('CHECKPOINT_TRUNCATED', `The pickle of the checkpoint is damaged: ${message}.`);
}

/**
 * A reader, a stack with marks, and a memo. Instructions return the machine, so that each is one row of a table.
 * @throws DermOrbitError PICKLE_FORBIDDEN on a name that the resolver does not know, else CHECKPOINT_TRUNCATED
 */
export class PickleMachine {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly resolver: PickleResolver;
  readonly memo = new Map<number, unknown>();
  readonly marks: unknown[][] = [];
  stack: unknown[] = [];
  position = 0;

  constructor(bytes: Uint8Array, resolver: PickleResolver) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.resolver = resolver;
  }

  /** Moves over the next bytes and returns where they began. */
  skip(count: number): number {
    const start = this.position;
    if (!(count <= this.bytes.length - start)) throw damagedPickle(`it ends at byte ${this.bytes.length}`);
    this.position = start + count;
    return start;
  }

  uint8 = (): number => this.view.getUint8(this.skip(1));
  uint16 = (): number => this.view.getUint16(this.skip(2), true);
  int32 = (): number => this.view.getInt32(this.skip(4), true);
  uint32 = (): number => this.view.getUint32(this.skip(4), true);
  uint64 = (): number => Number(this.view.getBigUint64(this.skip(8), true));
  float64 = (): number => this.view.getFloat64(this.skip(8), false);

  raw(count: number): Uint8Array {
    const start = this.skip(count);
    return this.bytes.subarray(start, start + count);
  }

  text(count: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.raw(count));
    } catch (error) {
      if (error instanceof DermOrbitError) throw error;
      throw damagedPickle(`the text before byte ${this.position} is not UTF-8`);
    }
  }

  /** Text up to the end of the line. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.position);
    if (end < 0) throw damagedPickle('a line has no end');
    const text = this.text(end - this.position);
    this.skip(1);
    return text;
  }

  /** Two's complement, little-endian: a number where it is exact, else a bigint. */
  integer(count: number): number | bigint {
    if (count > MAX_INTEGER_BYTES) throw damagedPickle(`an integer has ${count} bytes`);
    const hex = [...this.raw(count)].reverse().map((byte) => byte.toString(16).padStart(2, '0'));
    const value = BigInt.asIntN(8 * count, BigInt(`0x${hex.join('') || '0'}`));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  push(value: unknown): this {
    this.stack.push(value);
    return this;
  }

  pop(): unknown {
    if (this.stack.length === 0) throw damagedPickle(`the stack is empty before byte ${this.position}`);
    return this.stack.pop();
  }

  top(): unknown {
    if (this.stack.length === 0) throw damagedPickle(`the stack is empty before byte ${this.position}`);
    return this.stack.at(-1);
  }

  mark(): this {
    this.marks.push(this.stack);
    this.stack = [];
    return this;
  }

  /** Everything above the last mark, which goes with it. */
  popToMark(): unknown[] {
    const items = this.stack;
    const below = this.marks.pop();
    if (!below) throw damagedPickle(`there is no mark before byte ${this.position}`);
    this.stack = below;
    return items;
  }

  /** The last `count` values as one tuple. */
  tuple(count: number): this {
    const items = Array.from({ length: count }, () => this.pop()).reverse();
    return this.push(items);
  }

  remember(index: number): this {
    this.memo.set(index, this.top());
    return this;
  }

  recall(index: number): this {
    if (!this.memo.has(index)) throw damagedPickle(`it refers to value ${index}, which it never made`);
    return this.push(this.memo.get(index));
  }

  global(module: unknown, name: unknown): this {
    if (typeof module !== 'string' || typeof name !== 'string') throw damagedPickle('a name is not a text');
    return this.push(this.resolver.global(module, name) ?? forbid(`${module}.${name}`));
  }

  append(items: readonly unknown[]): this {
    const list = this.top();
    if (list instanceof PickleForeign) return this;
    if (!Array.isArray(list)) throw damagedPickle('it appends to something that is not a list');
    for (const item of items) list.push(item);
    return this;
  }

  setItems(items: readonly unknown[]): this {
    const target = this.top();
    const map = target instanceof PickleForeign ? target.items : target;
    if (!(map instanceof Map) || items.length % 2 !== 0) {
      throw damagedPickle('it sets items of something that is not a dictionary');
    }
    for (let i = 0; i < items.length; i += 2) map.set(items[i], items[i + 1]);
    return this;
  }

  addItems(items: readonly unknown[]): this {
    const set = this.top();
    if (set instanceof PickleForeign) return this;
    if (!(set instanceof Set)) throw damagedPickle('it adds to something that is not a set');
    for (const item of items) set.add(item);
    return this;
  }

  /** REDUCE: the meaning of a whitelisted function applied to its arguments. */
  reduce(): this {
    const args = this.pop();
    const target = this.pop();
    if (target instanceof PickleForeign) return this.push(new PickleForeign(target.name));
    if (!(target instanceof PickleGlobal) || !target.call || !Array.isArray(args)) {
      throw damagedPickle(`it calls ${nameOf(target)}, which is not a function`);
    }
    return this.push(target.call(args));
  }

  /** INST: a name, applied to everything above the last mark. */
  applyName(module: string, name: string): this {
    const args = this.popToMark();
    return this.global(module, name).push(args).reduce();
  }

  /** NEWOBJ: an empty instance of a whitelisted class. */
  instantiate(): this {
    this.pop();
    const target = this.pop();
    if (target instanceof PickleForeign) return this.push(new PickleForeign(target.name));
    if (!(target instanceof PickleGlobal) || !target.create) {
      throw damagedPickle(`it makes an instance of ${nameOf(target)}, which is not a class`);
    }
    return this.push(target.create());
  }

  protocol(version: number): this {
    if (version > 5) throw damagedPickle(`its protocol is ${version}, at most 5 is known`);
    return this;
  }

  /** BUILD: the attributes of an instance. Those of a dictionary (`_metadata` of a state dict) are not needed. */
  build(): this {
    const state = this.pop();
    const target = this.top();
    if (target instanceof Map || target instanceof PickleForeign) return this;
    if (!(target instanceof PickleObject) || !(state instanceof Map)) {
      throw damagedPickle('it sets attributes of something that has none');
    }
    for (const [key, value] of state) {
      if (typeof key !== 'string') throw damagedPickle('an attribute has a name that is not a text');
      target.attributes.set(key, value);
    }
    return this;
  }
}

function nameOf(value: unknown): string {
  return value instanceof PickleForeign || value instanceof PickleGlobal ? value.name : 'a value';
}

function forbid(name: string): never {
  throw new DermOrbitError('PICKLE_FORBIDDEN', `It names "${name}", which weights do not need.`);
}
