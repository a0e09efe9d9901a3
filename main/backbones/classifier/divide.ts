// A network written anew for one size of picture and divided where its last map lies: with a free batch where the graph
// allows it, and verified against the file before anybody uses it.
import { DermOrbitError } from '../../contract/errors.ts';
import type { Normalisation } from '../../contract/pictures.ts';
import { groups } from '../../groups/groups.ts';
import { requireBounded, UnknownOperatorError } from '../../onnx/bounds.ts';
import { encodeModel, OnnxModelError } from '../../onnx/codec.ts';
import { ShapeError, type Dimension } from '../../onnx/dimensions.ts';
import type { ForeignModel } from '../../onnx/foreign/read.ts';
import { specialise, type EvaluateConstants } from '../../onnx/foreign/specialise.ts';
import type { Model } from '../../onnx/graph.ts';
import type { OpenGraph } from '../backbone.ts';
import { chooseOutput, classCount, type ChosenOutput } from './class-output.ts';
import { cutsOf } from './cuts.ts';
import { GraphReader, lastLayer, logitsOf, type Ending, type LastLayer } from './find-head.ts';
import { shapeText, type PictureInput } from './picture-input.ts';
import { normalisationOf, type PictureChoice } from './pictures.ts';
import { headFacts, type HeadFacts } from './probe.ts';
import { buildHead, buildTower, type SplitSpec } from './split.ts';
import { requireFaithful } from './verify.ts';

/** What runs graphs for the importer; this room has no runtime of its own. */
export interface ClassifierRuntime {
  readonly open: OpenGraph;
  readonly evaluate: EvaluateConstants;
}

/** What a person may say about how a network is read. */
export interface DivideChoice extends PictureChoice {
  readonly cut?: string | undefined;
  /** Class embeddings are given: the output is an embedding, and no class of its own. */
  readonly embeds?: boolean | undefined;
}

/** Places to divide a network at that are tried. */
const mostCuts = 24;

export interface Dividing {
  readonly foreign: ForeignModel;
  readonly candidates: readonly string[];
  readonly input: PictureInput;
  readonly size: number;
  readonly modern: Model;
  readonly choice: DivideChoice;
  /** preprocessor_config.json beside the model. */
  readonly preprocessor: unknown;
  readonly runtime: ClassifierRuntime;
}

export interface Divided {
  readonly output: ChosenOutput;
  readonly classes: number;
  readonly ending: Ending;
  readonly layer: LastLayer | null;
  readonly spec: SplitSpec;
  readonly tower: Model;
  readonly head: Model;
  readonly facts: HeadFacts;
  readonly normalisation: Normalisation;
  readonly assumed: readonly string[];
}

/** With a free batch where the graph allows it, else for one picture at a time. */
export async function divide(dividing: Dividing): Promise<Divided> {
  const { batch } = dividing.input;
  try {
    return await dividedFor(dividing, 'batch');
  } catch (error) {
    const mayBeFixed =
      error instanceof ShapeError || (error instanceof DermOrbitError && error.code === 'ONNX_UNFAITHFUL');
    if (!mayBeFixed || (batch !== null && batch !== 1)) throw asRefusal(error);
  }
  try {
    const divided = await dividedFor(dividing, 1);
    return {
      ...divided,
      assumed: [
        ...divided.assumed,
        'The network takes one picture at a time, and could not be set free: orbits take as many runs as they have orientations.',
      ],
    };
  } catch (error) {
    throw asRefusal(error);
  }
}

async function dividedFor(dividing: Dividing, batch: Dimension): Promise<Divided> {
  const { input, size, modern, choice, candidates, runtime, preprocessor } = dividing;
  const dims = input.layout === 'NCHW' ? [batch, 3, size, size] : [batch, size, size, 3];
  const written = batch === 'batch' && input.batch !== null ? { written: input.batch } : {};
  const specialised = await specialise(modern, { dims, ...written, evaluate: runtime.evaluate });
  const reader = new GraphReader(specialised);
  const output = chooseOutput(specialised.graph, candidates, (name) => reader.dims(name));
  const classes = classCount(reader.dims(output.name))!;
  const normalisation = normalisationOf(choice, preprocessor, input, reader);
  const assumed = normalisation.assumed === null ? [] : [normalisation.assumed];
  const { value: logits, ending } = choice.embeds
    ? { value: output.name, ending: 'none' as const }
    : logitsOf(reader, output.name, classes);
  if (!choice.embeds) requireClasses(output.name, reader.dims(output.name), classes, ending);
  const layer = choice.embeds ? null : lastLayer(reader, logits, classes);
  const base = {
    ...{ specialised, input, size, batch },
    answer: layer?.input ?? logits,
    width: layer?.width ?? classes,
  };
  const parts = await chooseCut(base, reader, choice, runtime);
  const divided = { output, classes, ending, layer, normalisation, assumed, ...parts };
  await requireFaithful({ ...divided, foreign: dividing.foreign, input, output: output.name }, runtime.open);
  return divided;
}

/** @throws DermOrbitError ONNX_OUTPUT */
function requireClasses(name: string, dims: readonly Dimension[], classes: number, ending: Ending): void {
  if (classes > 1 || ending === 'sigmoid') return;
  throw new DermOrbitError(
    'ONNX_OUTPUT',
    `This model answers with a single number ("${name}", ${shapeText(dims)}) that is no probability. DermOrbit needs a classifier: one number per class.`,
  );
}

type Parts = Pick<Divided, 'spec' | 'tower' | 'head' | 'facts'>;

/** The last map that the answer depends on, or the one that a person names. @throws DermOrbitError ONNX_CUT */
async function chooseCut(
  base: Omit<SplitSpec, 'cut'>,
  reader: GraphReader,
  { cut: wanted }: DivideChoice,
  runtime: ClassifierRuntime,
): Promise<Parts> {
  const cuts = cutsOf(reader, base.answer, base.size);
  const named = wanted === undefined ? cuts : cuts.filter(({ value }) => value === wanted);
  if (wanted !== undefined && named.length === 0) {
    const possible = cuts.slice(0, 8).map(({ value }) => `"${value}"`);
    throw new DermOrbitError(
      'ONNX_CUT',
      `"${wanted}" is no map that all of the answer is made of; ${possible.length === 0 ? 'this model has none' : `possible are ${possible.join(', ')}`}.`,
    );
  }
  for (const cut of named.slice(0, mostCuts)) {
    const spec = { ...base, cut };
    const head = buildHead(spec);
    requireAffordable(head, spec);
    const session = await runtime.open(encodeModel(head));
    try {
      const facts = await headFacts(session, cut, head.graph);
      // Past the last attention, a class token no longer depends on the cells.
      if (!facts.seesCells) continue;
      const tower = buildTower(spec);
      requireAffordable(tower, spec);
      return { spec, head, tower, facts };
    } finally {
      await session.release();
    }
  }
  if (wanted !== undefined) {
    throw new DermOrbitError('ONNX_CUT', `The answer does not depend on the map "${wanted}".`);
  }
  const spec = { ...base, cut: null };
  const tower = buildTower(spec);
  requireAffordable(tower, spec);
  return {
    spec,
    tower,
    head: buildHead(spec),
    facts: { seesCells: false, blindToTurns: true, affine: false },
  };
}

/** @throws OnnxModelError, UnknownOperatorError */
function requireAffordable(model: Model, { size, cut, width, batch }: SplitSpec): void {
  const views = batch === 1 ? 1 : groups.d4.order;
  const beside = cut ? (cut.before + cut.behind) * cut.channels : width;
  requireBounded(model, {
    image: [views, 3, size, size],
    features: cut ? [views, cut.channels, cut.size, cut.size] : [views],
    invariant: [views, beside],
  });
}

/** What cannot be understood of a graph, in the words of an error that a person meets. */
export function asRefusal(error: unknown): unknown {
  if (error instanceof UnknownOperatorError || error instanceof ShapeError) {
    return new DermOrbitError('ONNX_OPERATOR', `This model cannot be read: ${error.message}.`, {
      cause: error,
    });
  }
  if (error instanceof OnnxModelError) {
    return new DermOrbitError('ONNX_OPERATOR', `This model cannot be run here: ${error.message}.`, {
      cause: error,
    });
  }
  return error;
}
