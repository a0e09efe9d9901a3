// Any classifier in ONNX as a backbone: its one picture and its one answer are found, the graph is written anew for one
// size of picture, divided where its last map lies, and asked, together with the file as it came, about the same
// pictures: what does not answer alike is refused.
import { DermOrbitError } from '../../contract/errors.ts';
import { modernise, rewrittenOperators } from '../../onnx/foreign/modernise.ts';
import type { ForeignModel } from '../../onnx/foreign/read.ts';
import { pruneToOutputs, type Constant, type Graph } from '../../onnx/graph.ts';
import { shapeRules } from '../../onnx/shape-rules.ts';
import type { ImportedBackbone, OwnClasses } from '../imported.ts';
import { namedClasses } from './class-names.ts';
import { answerCandidates } from './class-output.ts';
import type { Cut } from './cuts.ts';
import { asRefusal, divide, type ClassifierRuntime, type DivideChoice, type Divided } from './divide.ts';
import type { LastLayer } from './find-head.ts';
import { pictureInput, type PictureInput } from './picture-input.ts';
import { sizeBeside } from './pictures.ts';
import type { HeadFacts } from './probe.ts';

/** What a person may say about a classifier. */
export interface ClassifierChoice extends DivideChoice {
  readonly output?: string | undefined;
  readonly size?: number | undefined;
  readonly classes?: readonly string[] | undefined;
  readonly map?: string | undefined;
}

/** What lies beside the model. */
export interface BesideModel {
  readonly labels: string | null;
  readonly config: unknown;
  readonly preprocessor: unknown;
}

/** Networks of more operators are not read, as every step takes its time for each of them. */
const mostOperators = 50_000;
const usualSize = 224;
const largestSize = 2048;

/**
 * @throws DermOrbitError ONNX_INPUT, ONNX_NOT_SQUARE, ONNX_OUTPUT, ONNX_OPERATOR, ONNX_CUT, ONNX_UNFAITHFUL,
 *   CHECKPOINT_NOT_FINITE, CHECKPOINT_TRUNCATED, CLASSES_NEEDED, CLASSES_INVALID, OPTION_INVALID, MODEL_UNSAFE (it costs
 *   too much), INFERENCE_FAILED
 */
export async function importClassifier(
  foreign: ForeignModel,
  beside: BesideModel,
  choice: ClassifierChoice,
  runtime: ClassifierRuntime,
): Promise<ImportedBackbone> {
  const candidates = answerCandidates(foreign, choice.output);
  const asked = askedGraph(foreign, candidates);
  const used = new Set(asked.nodes.flatMap(({ inputs }) => inputs));
  const input = pictureInput(
    foreign.inputs.filter(({ name }) => used.has(name)),
    asked,
  );
  requireKnown(asked);
  requireFinite(asked);
  const assumed: string[] = [];
  const size = sizeOf(input, beside, choice, assumed);
  const modern = understood(() => modernise({ graph: asked, opset: foreign.model.opset }));
  const divided = await divide({
    foreign,
    candidates,
    input,
    size,
    modern,
    choice,
    runtime,
    preprocessor: beside.preprocessor,
  });
  assumed.push(...divided.assumed);
  const { output, classes, spec, facts, layer, normalisation } = divided;
  const parameters = parameterCount(asked);
  const { cut } = spec;
  const own = choice.embeds ? null : ownClasses(divided, foreign, beside, choice, assumed);
  if (output.passedOver.length > 0) {
    assumed.push(
      `The answer is taken from the output "${output.name}", not from ${output.passedOver.map((name) => `"${name}"`).join(', ')}.`,
    );
  }
  return {
    architecture: {
      backbone: 'onnx-classifier',
      name: `ONNX ${choice.embeds ? 'network' : 'classifier'}, ${cut ? `map ${cut.channels} x ${cut.size} x ${cut.size}` : 'no map'}, ${size} px`,
      parameters,
    },
    input: {
      size,
      mean: [...normalisation.mean],
      std: [...normalisation.std],
      resize: 'shortest-crop',
    },
    features: cut && { channels: cut.channels, size: cut.size },
    ...(spec.batch === 1 ? { batch: 1 as const } : {}),
    invariantPart: cut ? (cut.before + cut.behind) * cut.channels : spec.width,
    embedding: spec.width,
    head: cut
      ? {
          kind: cut.before + cut.behind > 0 ? 'tokens' : facts.blindToTurns ? 'mean' : 'flatten',
          cut: cut.value,
          blindToTurns: facts.blindToTurns,
          affine: facts.affine,
        }
      : { kind: 'embedding' },
    tower: () => divided.tower,
    headGraph: () => divided.head,
    text: null,
    own,
    logitScale: null,
    assumed,
    found: foundSentence(cut, facts, layer, classes),
  };
}

/** What was found out about a network, for a person to judge. */
function foundSentence(cut: Cut | null, facts: HeadFacts, layer: LastLayer | null, classes: number): string {
  if (!cut) {
    return 'No map of the picture was found from which the answer is made: the model works at embedding level only, without evidence maps.';
  }
  const tokens = cut.before + cut.behind;
  const beside = tokens === 0 ? '' : ` and ${tokens} ${tokens === 1 ? 'token' : 'tokens'} beside it`;
  const way = facts.affine
    ? 'an affine function of the mean of its cells'
    : facts.blindToTurns
      ? 'the same for every turn of the map'
      : 'one that sees where in the map a cell lies';
  const last = layer ? `; its last layer makes ${classes} scores of ${layer.width} numbers` : '';
  return `Divided at "${cut.value}": a map of ${cut.channels} x ${cut.size} x ${cut.size}${beside}. The rest is ${way}${last}.`;
}

/** The part of the file that the candidates need. @throws DermOrbitError CHECKPOINT_TRUNCATED */
function askedGraph({ model: { graph } }: ForeignModel, candidates: readonly string[]): Graph {
  if (graph.nodes.length > mostOperators) {
    throw new DermOrbitError(
      'ONNX_OPERATOR',
      `This model has ${graph.nodes.length} operators, more than ${mostOperators}.`,
    );
  }
  const known = new Map(graph.outputs.map((output) => [output.name, output]));
  const outputs = candidates.map((name) => known.get(name) ?? { name, type: 'float32' as const, dims: [] });
  const pruned = pruneToOutputs({ ...graph, outputs }, candidates);
  const made = new Set([
    '',
    ...pruned.inputs.map(({ name }) => name),
    ...pruned.constants.keys(),
    ...pruned.nodes.flatMap((node) => node.outputs),
  ]);
  const missing = pruned.nodes.flatMap(({ inputs }) => inputs).find((name) => !made.has(name));
  if (missing !== undefined) {
    throw new DermOrbitError(
      'CHECKPOINT_TRUNCATED',
      `The graph uses "${missing}", which nothing in the file makes.`,
    );
  }
  return pruned;
}

/** @throws DermOrbitError ONNX_OPERATOR */
function requireKnown({ nodes }: Graph): void {
  for (const { op } of nodes) {
    if (shapeRules.has(op) || rewrittenOperators.has(op)) continue;
    const [domain, name] = op.includes(':') ? op.split(':') : [null, op];
    const what =
      domain === null
        ? `the operator ${name}, which DermOrbit does not know`
        : domain === 'ai.onnx'
          ? `the operator ${name} with a graph or a list inside, which DermOrbit does not run`
          : domain === 'a function'
            ? `the function ${name} of its own, which DermOrbit does not run`
            : `the operator ${name} of ${domain}, which is not part of ONNX`;
    throw new DermOrbitError('ONNX_OPERATOR', `This model uses ${what}.`);
  }
}

/** @throws DermOrbitError CHECKPOINT_NOT_FINITE */
function requireFinite({ constants }: Graph): void {
  for (const [name, constant] of constants) {
    if (holdsNaN(constant)) {
      throw new DermOrbitError(
        'CHECKPOINT_NOT_FINITE',
        `The weights of this model are damaged: ${name} holds a value that is not a number.`,
      );
    }
  }
}

/** By the bits: infinity is a fair number in a mask, NaN is none anywhere. */
function holdsNaN({ type, bytes }: Constant): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === 'float32') {
    for (let at = 0; at < bytes.byteLength; at += 4) {
      if ((view.getUint32(at, true) & 0x7fffffff) > 0x7f800000) return true;
    }
  } else if (type === 'float16') {
    for (let at = 0; at < bytes.byteLength; at += 2) {
      if ((view.getUint16(at, true) & 0x7fff) > 0x7c00) return true;
    }
  } else if (type === 'float64') {
    for (let at = 0; at < bytes.byteLength; at += 8) if (Number.isNaN(view.getFloat64(at, true))) return true;
  }
  return false;
}

/** @throws DermOrbitError OPTION_INVALID */
function sizeOf(
  input: PictureInput,
  { preprocessor }: BesideModel,
  choice: ClassifierChoice,
  assumed: string[],
): number {
  const chosen = choice.size;
  if (input.size !== null) {
    if (chosen === undefined || chosen === input.size) return input.size;
    throw new DermOrbitError(
      'OPTION_INVALID',
      `This model takes pictures of ${input.size} x ${input.size} and no others, not of ${chosen}.`,
    );
  }
  if (chosen !== undefined) {
    if (Number.isInteger(chosen) && chosen >= 8 && chosen <= largestSize) return chosen;
    throw new DermOrbitError('OPTION_INVALID', `A picture cannot have ${chosen} pixels on a side.`);
  }
  const said = sizeBeside(preprocessor);
  if (said !== null && said <= largestSize) return said;
  assumed.push(`Pictures are ${usualSize} x ${usualSize}: the model takes any size, and no file names one.`);
  return usualSize;
}

function parameterCount({ constants }: Graph): number {
  let total = 0;
  for (const { type, dims } of constants.values()) {
    if (type.startsWith('float')) total += dims.reduce((all, dim) => all * dim, 1);
  }
  return Math.max(1, total);
}

/** The classes of the network, with its last layer or, where it has none, as they are. */
function ownClasses(
  { classes, ending, layer, output }: Divided,
  foreign: ForeignModel,
  beside: BesideModel,
  choice: ClassifierChoice,
  assumed: string[],
): OwnClasses {
  const binary = classes === 1;
  const named = namedClasses(
    {
      given: choice.classes,
      map: choice.map,
      ...beside,
      metadata: foreign.metadata,
      graph: foreign.labels.find(({ value }) => value === output.name)?.names,
    },
    binary ? 2 : classes,
  );
  if (named.assumed !== null) assumed.push(named.assumed);
  if (binary) {
    assumed.push(
      `The one output is the probability of "${named.classes[1]!}", the second class; "${named.classes[0]!}" is what is left.`,
    );
  } else if (ending === 'sigmoid') {
    assumed.push(
      'The model gives each class a probability of its own (sigmoid); here they compete, and add up to 1 (softmax of its logits).',
    );
  }
  const width = layer?.width ?? classes;
  const data = layer?.matrix ?? identity(classes);
  if (!binary) return { classes: named.classes, data, bias: layer?.bias };
  const pair = new Float32Array(width * 2);
  for (let e = 0; e < width; e++) pair[e * 2 + 1] = data[e]!;
  return { classes: named.classes, data: pair, bias: Float32Array.of(0, layer?.bias?.[0] ?? 0) };
}

function identity(size: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => Number(Math.floor(i / size) === i % size));
}

function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw asRefusal(error);
  }
}
