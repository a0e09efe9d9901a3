// Reads a Python pickle as data. A pickle is a program for a small stack machine, and Python's own reader will call
// whatever function it names; this one runs the instructions that only build values, and gives every name (class or
// function) to a resolver that knows the few that weights need. Nothing of the file is ever executed.
// Own code, since a general pickle reader calls what lies on its stack, writes the file's keys into objects
// (`__proto__`, `__setstate__`) and has no limits. Instructions: Python's Lib/pickletools.py, protocols 2 to 5.
import { damagedPickle, PickleMachine, type PickleResolver } from './pickle-machine.ts';

/** A training checkpoint of the largest CLIP needs under 200,000 instructions. */
const MAX_INSTRUCTIONS = 2_000_000;
const MAX_BYTES = 64 * 2 ** 20;

/** Every instruction that is understood, by its byte. STOP (.) is not here: it ends the loop. */
const instructions: ReadonlyMap<number, (machine: PickleMachine) => unknown> = new Map(
  Object.entries<(machine: PickleMachine) => unknown>({
    // Structure
    '\x80': (m) => m.protocol(m.uint8()),
    '\x95': (m) => m.skip(8), // FRAME
    '(': (m) => m.mark(),
    '0': (m) => m.pop(),
    '1': (m) => m.popToMark(),
    '2': (m) => m.push(m.top()),
    // Memo
    q: (m) => m.remember(m.uint8()),
    r: (m) => m.remember(m.uint32()),
    '\x94': (m) => m.remember(m.memo.size),
    h: (m) => m.recall(m.uint8()),
    j: (m) => m.recall(m.uint32()),
    // Constants and numbers
    N: (m) => m.push(null),
    '\x88': (m) => m.push(true),
    '\x89': (m) => m.push(false),
    J: (m) => m.push(m.int32()),
    K: (m) => m.push(m.uint8()),
    M: (m) => m.push(m.uint16()),
    '\x8a': (m) => m.push(m.integer(m.uint8())),
    '\x8b': (m) => m.push(m.integer(m.uint32())),
    G: (m) => m.push(m.float64()),
    // Texts and bytes
    X: (m) => m.push(m.text(m.uint32())),
    '\x8c': (m) => m.push(m.text(m.uint8())),
    '\x8d': (m) => m.push(m.text(m.uint64())),
    B: (m) => m.push(m.raw(m.uint32())),
    C: (m) => m.push(m.raw(m.uint8())),
    '\x8e': (m) => m.push(m.raw(m.uint64())),
    '\x96': (m) => m.push(m.raw(m.uint64())),
    // Tuples, lists, dictionaries, sets
    ')': (m) => m.push([]),
    '\x85': (m) => m.tuple(1),
    '\x86': (m) => m.tuple(2),
    '\x87': (m) => m.tuple(3),
    t: (m) => m.push(m.popToMark()),
    ']': (m) => m.push([]),
    l: (m) => m.push(m.popToMark()),
    a: (m) => m.append([m.pop()]),
    e: (m) => m.append(m.popToMark()),
    '}': (m) => m.push(new Map()),
    s: (m) => m.setItems([m.pop(), m.pop()].reverse()),
    u: (m) => m.setItems(m.popToMark()),
    '\x8f': (m) => m.push(new Set()),
    '\x90': (m) => m.addItems(m.popToMark()),
    '\x91': (m) => m.push(new Set(m.popToMark())),
    // Names, calls, instances
    c: (m) => m.global(m.line(), m.line()),
    '\x93': (m) => m.global(...([m.pop(), m.pop()].reverse() as [unknown, unknown])),
    i: (m) => m.applyName(m.line(), m.line()),
    R: (m) => m.reduce(),
    '\x81': (m) => m.instantiate(),
    '\x92': (m) => (m.pop(), m.instantiate()), // with named arguments
    b: (m) => m.build(),
    Q: (m) => m.push(m.resolver.persistent(m.pop())),
    // Names by number in a registry of the reading program: nothing says what they would run.
    '\x82': (m) => m.global('extension', String(m.uint8())),
    '\x83': (m) => m.global('extension', String(m.uint16())),
    '\x84': (m) => m.global('extension', String(m.uint32())),
  }).map(([character, run]) => [character.charCodeAt(0), run]),
);

const STOP = 0x2e;

/**
 * The value that a pickle describes: null, booleans, numbers, bigints, texts, Uint8Array (a view), arrays (lists
 * and tuples), Map (dictionaries), Set, PickleObject, PickleGlobal, PickleForeign, and what the resolver returned. Values may share
 * parts and contain themselves.
 * @throws DermOrbitError PICKLE_FORBIDDEN if it names what the resolver forbids, CHECKPOINT_TRUNCATED if
 *   it is cut off, contradicts itself or is larger than any checkpoint's
 */
export function unpickle(bytes: Uint8Array, resolver: PickleResolver): unknown {
  if (bytes.length > MAX_BYTES)
    throw damagedPickle(`it has ${bytes.length} bytes, at most ${MAX_BYTES} are read`);
  const machine = new PickleMachine(bytes, resolver);
  for (let count = 0; count < MAX_INSTRUCTIONS; count++) {
    const code = machine.uint8();
    if (code === STOP) return machine.pop();
    const run = instructions.get(code);
    if (!run)
      throw damagedPickle(`byte ${machine.position - 1} is the unknown instruction 0x${code.toString(16)}`);
    run(machine);
  }
  throw damagedPickle(`it has more than ${MAX_INSTRUCTIONS} instructions`);
}
