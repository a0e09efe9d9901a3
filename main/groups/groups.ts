// Finite groups as tables. Those that act on a square grid permute its cells: no interpolation, hence exact; each is a
// subgroup of the dihedral group of the square. Cyclic groups of any order act on words. Pure; depends on nothing.

/** One symmetry of the square: mirror left to right if `mirror`, then turn counter-clockwise. */
export interface GroupElement {
  /** Number of counter-clockwise quarter turns, from axis -2 to axis -1 (as torch.rot90). */
  readonly turns: 0 | 1 | 2 | 3;
  readonly mirror: boolean;
}

/** A finite group as data, whatever it acts on; element 0 is the identity. */
export interface FiniteGroup {
  readonly name: string;
  /** n = |G|. */
  readonly order: number;
  /** product[a][b] = index of ab: first b, then a. */
  readonly product: readonly (readonly number[])[];
  /** inverse[a] = index of the element that undoes a. */
  readonly inverse: readonly number[];
}

/** A group of symmetries of the square. Indices refer to `elements`. */
export interface Group extends FiniteGroup {
  readonly elements: readonly GroupElement[];
}

const turn = (turns: GroupElement['turns']): GroupElement => ({ turns, mirror: false });
const mirrorThenTurn = (turns: GroupElement['turns']): GroupElement => ({ turns, mirror: true });
const quarterTurns = [turn(0), turn(1), turn(2), turn(3)];

/** The elements of each group, in the order that results list them. */
const elementTable = {
  c1: [turn(0)],
  c2: [turn(0), turn(2)],
  c4: quarterTurns,
  d1: [turn(0), mirrorThenTurn(0)],
  d4: [...quarterTurns, mirrorThenTurn(0), mirrorThenTurn(1), mirrorThenTurn(2), mirrorThenTurn(3)],
} as const satisfies Record<string, readonly GroupElement[]>;

export type GroupName = keyof typeof elementTable;
export const groupNames = Object.keys(elementTable) as [GroupName, ...GroupName[]];

/** ab: first b, then a. A mirror reverses the sense of the turns that it is moved past. */
function multiply(a: GroupElement, b: GroupElement): GroupElement {
  const turns = (a.turns + (a.mirror ? 4 - b.turns : b.turns)) % 4;
  return { turns: turns as GroupElement['turns'], mirror: a.mirror !== b.mirror };
}

function makeGroup(name: string, elements: readonly GroupElement[]): Group {
  const indexOf = (wanted: GroupElement) =>
    elements.findIndex((element) => element.turns === wanted.turns && element.mirror === wanted.mirror);
  const product = elements.map((a) => elements.map((b) => indexOf(multiply(a, b))));
  return { name, order: elements.length, elements, product, inverse: product.map((row) => row.indexOf(0)) };
}

/** The groups of the product by name: c1 (identity), c2 (half turn), c4 (quarter turns), d1 (mirror), d4 (both). */
export const groups = {
  c1: makeGroup('c1', elementTable.c1),
  c2: makeGroup('c2', elementTable.c2),
  c4: makeGroup('c4', elementTable.c4),
  d1: makeGroup('d1', elementTable.d1),
  d4: makeGroup('d4', elementTable.d4),
} as const satisfies Record<GroupName, Group>;

/**
 * The cyclic group of order d: element k is g^k.
 * @throws RangeError unless d is a whole number from 1
 */
export function cyclicGroup(d: number): FiniteGroup {
  if (!Number.isInteger(d) || d < 1) throw new RangeError(`there is no cyclic group of order ${d}`);
  const powers = Array.from({ length: d }, (_, k) => k);
  return {
    name: `C${d}`,
    order: d,
    product: powers.map((a) => powers.map((b) => (a + b) % d)),
    inverse: powers.map((a) => (d - a) % d),
  };
}
