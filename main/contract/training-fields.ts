// The hyperparameters of training, in one table: what each is called, what it takes, what it is where nobody says
// otherwise, and for which kinds of training it is there. From it come the configurations' types, schemas and defaults, the
// options of `dermorbit train`, the Train screen's form and the table in docs/TRAINING.md (npm run docs:training). Where the
// numbers come from: docs/TRAINING.md. A new hyperparameter is a row here, and the line of training code that uses it. Pure.
import type { Control, SizedRounds, ValueOf } from './controls.ts';
import { groupNameSchema, headSchema, inverseSchema, levelSchema } from './settings.ts';

export const trainKinds = ['prefinetune', 'finetune', 'scratch'] as const;
export type TrainKind = (typeof trainKinds)[number];

/** A configuration of any kind, by name; its schema decides what may stand where. */
export type Fields = Readonly<Record<string, unknown>>;

/** What belongs together in the form and in the documentation; `first` is what most people decide. */
export const fieldTopics = {
  first: 'First decisions',
  combination: 'What is combined',
  architecture: 'Architecture',
  optimisation: 'Optimisation',
  augmentation: 'Augmentation',
  regularisation: 'Regularisation',
} as const;
export type FieldTopic = keyof typeof fieldTopics;

export interface TrainingField<
  Path extends string = string,
  C extends Control = Control,
  Kind extends TrainKind = TrainKind,
> {
  /** In the configuration: `rounds`, `augmentation.crop`. Its last part is the name of the command line's option. */
  readonly path: Path;
  readonly name: string;
  readonly unit?: string;
  /** What it is, to go on from its name. */
  readonly help: string;
  /** What stands for its value in the command line's help. */
  readonly placeholder?: string;
  readonly topic: FieldTopic;
  readonly control: C;
  /** The kinds that have it, and its value where nobody says otherwise. */
  readonly defaults: Readonly<Record<Kind, ValueOf<C>>>;
  /** A default that follows other fields, for some kinds: its value, and the rule in words. */
  readonly follows?: Partial<
    Record<TrainKind, { readonly value: (config: Fields) => ValueOf<C>; readonly words: string }>
  >;
  /** What it is in runs of versions that did not have it, which a new field has to say. */
  readonly before?: ValueOf<C>;
  /** Whether it has an effect; absent: always. */
  readonly when?: (config: Fields) => boolean;
  /** May be another one when a run goes on. */
  readonly changeable?: true;
}

/** A row whose defaults are checked against its control. */
const field = <const Path extends string, const C extends Control, Kind extends TrainKind>(
  row: TrainingField<Path, C, Kind>,
) => row;

const every = <const Value>(value: Value) => ({ prefinetune: value, finetune: value, scratch: value });
const towers = <const Value>(finetune: Value, scratch: Value) => ({ finetune, scratch });
const networks = <const Value>(prefinetune: Value, finetune: Value) => ({ prefinetune, finetune });

const share = { type: 'number', from: 0, to: 1 } as const;
const jitter = { type: 'number', from: 0, to: 0.9 } as const;
const steps = { type: 'number', from: 1, to: 1_000_000, whole: true } as const;
const part = { type: 'choice', options: { trainable: 'Trained', frozen: 'Frozen' } } as const;

/** Methods with a network that learns from the answers. */
const withNetwork: ReadonlySet<unknown> = new Set(['lambda', 'attention', 'canonical']);
export const weighs = ({ method }: Fields): boolean => withNetwork.has(method);
const combines = ({ method }: Fields) => method !== 'vanilla';
const atEmbeddings = ({ method, level }: Fields) => method === 'lambda' && level === 'embedding';
const atFeatures = (config: Fields) => combines(config) && !atEmbeddings(config);
const withSgd = ({ optimizer }: Fields) => optimizer === 'sgd';

/** Learning rates of pre-finetuning: the reference's (METHODS.md); AdamW's are the usual ones for so small a network. */
export const prefinetuneRates = {
  sgd: { lambda: 0.33, attention: 0.01, canonical: 0.01 },
  adamw: { lambda: 1e-3, attention: 1e-3, canonical: 1e-3 },
} as const;

/** Every row, in the order of forms, help texts and documentation. */
export const trainingFields = [
  field({
    path: 'method',
    name: 'Method',
    help: 'whose weight network is trained',
    topic: 'combination',
    control: { type: 'term', values: ['lambda', 'attention', 'canonical'] },
    defaults: { prefinetune: 'lambda' },
  }),
  field({
    path: 'method',
    name: 'Method',
    help: 'what the model is trained to answer with',
    topic: 'combination',
    control: { type: 'term', values: ['vanilla', 'equitune', 'lambda', 'attention'] },
    defaults: { finetune: 'equitune' },
  }),
  field({
    path: 'group',
    name: 'Group',
    help: 'the turns and mirrors under which the answer must not change',
    topic: 'first',
    control: { type: 'term', values: groupNameSchema.options },
    defaults: networks('c4', 'c4'),
    when: combines,
  }),
  field({
    path: 'rounds',
    name: 'Rounds',
    help: 'each ends with validation and a checkpoint',
    topic: 'first',
    control: { type: 'number', from: 1, to: 100_000, whole: true },
    defaults: { prefinetune: 20, finetune: 8, scratch: 30 },
    changeable: true,
  }),
  field({
    path: 'iterations',
    name: 'Steps per round',
    help: 'optimizer steps of one round',
    topic: 'first',
    control: steps,
    defaults: { prefinetune: 100 },
  }),
  field({
    path: 'iterations',
    name: 'Steps per round',
    help: 'optimizer steps of one round',
    topic: 'first',
    control: { ...steps, none: 'one pass over the images' },
    defaults: towers<number | null>(500, null),
  }),
  field({
    path: 'batch',
    name: 'Batch size',
    unit: 'images',
    help: 'images of one step; computed in parts where memory asks for it, with gradients added up',
    topic: 'first',
    control: { type: 'number', from: 1, to: 4096, whole: true },
    defaults: { prefinetune: 32, finetune: 32, scratch: 64 },
  }),
  field({
    path: 'learningRate',
    name: 'Learning rate',
    // Finetuning: METHODS.md's for a network that learns with the rest. From scratch: the usual one of AdamW.
    help: 'size of a step, after warm-up and before the schedule lowers it',
    placeholder: 'rate',
    topic: 'first',
    control: { type: 'number', above: 0 },
    defaults: { prefinetune: 0.33, finetune: 5e-6, scratch: 2e-3 },
    follows: {
      prefinetune: {
        value: ({ optimizer, method }) =>
          prefinetuneRates[optimizer as 'sgd' | 'adamw'][method as keyof typeof prefinetuneRates.sgd],
        words: 'sgd 0.33 (lambda), 0.01 (attention, canonical); adamw 0.001',
      },
    },
    changeable: true,
  }),
  field({
    path: 'balance',
    name: 'Class balancing',
    help: 'draws every class as often as the largest (oversample) or the smallest one (undersample)',
    topic: 'first',
    control: {
      type: 'choice',
      options: { none: 'None', oversample: 'Oversample rare ones', undersample: 'Undersample frequent ones' },
    },
    defaults: every('none'),
  }),
  field({
    path: 'architecture.size',
    name: 'Input size',
    unit: 'px',
    help: 'side of the input; the tower halves it five times',
    placeholder: 'pixels',
    topic: 'first',
    control: { type: 'number', from: 64, to: 1024, whole: true, multipleOf: 32 },
    defaults: { scratch: 128 },
  }),
  field({
    path: 'level',
    name: 'Level',
    help: 'whether feature maps or embeddings are combined; embeddings only by lambda',
    topic: 'combination',
    control: { type: 'term', values: levelSchema.options },
    defaults: networks('feature', 'feature'),
    when: ({ method }) => method === 'lambda',
  }),
  field({
    path: 'inverse',
    name: 'Inverse (maps turned back)',
    help: 'whether feature maps are turned back before they are combined',
    topic: 'combination',
    control: { type: 'term', values: inverseSchema.options },
    defaults: networks('on', 'on'),
    when: atFeatures,
  }),
  field({
    path: 'head',
    name: 'Head',
    help: 'what the attention pool sees: the combined map, or its whole orbit; the reference trains with plain',
    topic: 'combination',
    control: { type: 'term', values: headSchema.options },
    defaults: networks('orbit', 'orbit'),
    when: atFeatures,
  }),
  field({
    path: 'initial',
    name: 'Weight network initialised from',
    help: 'whether the weight network starts from random weights (fresh) or from those that the model brings',
    topic: 'combination',
    control: { type: 'choice', options: { fresh: 'Random weights', model: 'The model’s own' } },
    defaults: networks('fresh', 'model'),
    when: weighs,
  }),
  field({
    path: 'network',
    name: 'Weight network',
    help: 'whether it learns with the rest',
    topic: 'combination',
    control: part,
    defaults: { finetune: 'trainable' },
    when: weighs,
  }),
  field({
    path: 'classEmbeddings',
    name: 'Class embeddings',
    help: 'whether they learn with the rest; fresh: from nothing, for the classes of the images',
    topic: 'combination',
    control: {
      type: 'choice',
      options: { ...part.options, fresh: 'Trained anew, for the classes of the images' },
    },
    defaults: { finetune: 'trainable' },
  }),
  field({
    path: 'batchNorm',
    name: 'Batch normalisation',
    help: 'frozen: as the model has it; live: it learns, by the statistics of batches, first measured on 256 training images',
    topic: 'combination',
    control: { type: 'choice', options: { frozen: 'Frozen', live: 'Live' } },
    defaults: { finetune: 'frozen' },
  }),
  field({
    path: 'architecture.layers',
    name: 'Blocks',
    help: 'residual blocks of the four stages of a CLIP modified ResNet (Radford et al. 2021)',
    topic: 'architecture',
    control: {
      type: 'numbers',
      each: { type: 'number', from: 1, to: 64, whole: true },
      parts: ['Blocks of stage 1', 'Blocks of stage 2', 'Blocks of stage 3', 'Blocks of stage 4'],
    },
    defaults: { scratch: [2, 2, 2, 2] },
  }),
  field({
    path: 'architecture.width',
    name: 'Width',
    unit: 'channels',
    help: 'channels of the first stage; the pool has half as many heads',
    placeholder: 'channels',
    topic: 'architecture',
    control: { type: 'number', from: 2, to: 256, whole: true, multipleOf: 2 },
    defaults: { scratch: 32 },
  }),
  field({
    path: 'architecture.embedding',
    name: 'Embedding length',
    help: 'numbers of an embedding',
    topic: 'architecture',
    control: { type: 'number', from: 1, to: 4096, whole: true },
    defaults: { scratch: 256 },
  }),
  field({
    path: 'smallerFirst',
    name: 'Progressive resizing',
    help: 'rounds at smaller input sizes first, such as 64:12, 96:10; the rounds that are left see the whole size, and the best one is one of them',
    placeholder: 'size:rounds,...',
    topic: 'architecture',
    control: {
      type: 'stages',
      size: { type: 'number', from: 32, to: 1024, whole: true, multipleOf: 32 },
      rounds: steps,
    },
    defaults: towers<SizedRounds[]>([], []),
    before: [],
  }),
  field({
    path: 'optimizer',
    name: 'Optimizer',
    help: 'the rule by which gradients change the weights',
    topic: 'optimisation',
    control: { type: 'choice', options: { sgd: 'SGD', adamw: 'AdamW' } },
    defaults: { prefinetune: 'sgd', finetune: 'sgd', scratch: 'adamw' },
  }),
  field({
    path: 'momentum',
    name: 'Momentum',
    help: 'share of the last step that sgd keeps',
    placeholder: 'share',
    topic: 'optimisation',
    control: share,
    defaults: every(0.9),
    when: withSgd,
  }),
  field({
    path: 'nesterov',
    name: 'Nesterov momentum',
    help: 'of sgd: the gradient where the momentum leads',
    topic: 'optimisation',
    control: { type: 'switch' },
    defaults: every<boolean>(false),
    when: withSgd,
  }),
  field({
    path: 'weightDecay',
    name: 'Weight decay',
    help: 'of weights, not of biases and norms',
    topic: 'optimisation',
    control: { type: 'number', from: 0 },
    defaults: { prefinetune: 0, finetune: 0, scratch: 0.05 },
  }),
  field({
    path: 'clip',
    name: 'Gradient clipping',
    unit: 'norm',
    help: 'largest norm of the gradient over all parameters',
    placeholder: 'norm',
    topic: 'optimisation',
    control: { type: 'number', above: 0, none: 'no bound' },
    defaults: { prefinetune: null, finetune: null, scratch: 1 },
    changeable: true,
  }),
  field({
    path: 'schedule',
    name: 'Learning rate schedule',
    help: 'cosine and linear fall to 0 at the last step',
    topic: 'optimisation',
    control: {
      type: 'choice',
      options: { constant: 'Constant', cosine: 'Cosine down to 0', linear: 'Linear down to 0' },
    },
    defaults: { prefinetune: 'constant', finetune: 'constant', scratch: 'cosine' },
  }),
  field({
    path: 'warmup',
    name: 'Warm-up',
    unit: 'steps',
    help: 'over which the learning rate rises from 0 before its schedule begins',
    placeholder: 'steps',
    topic: 'optimisation',
    control: { type: 'number', from: 0, to: 1_000_000, whole: true },
    defaults: { prefinetune: 0, finetune: 0, scratch: 200 },
  }),
  field({
    path: 'loss',
    name: 'Loss',
    help: 'cross entropy of logits (updated), or of softmaxed logits (original)',
    topic: 'optimisation',
    control: {
      type: 'choice',
      options: { updated: 'Cross entropy of logits', original: 'Of softmaxed logits' },
    },
    defaults: every('updated'),
  }),
  field({
    path: 'patience',
    name: 'Early stopping',
    unit: 'rounds without improvement',
    help: 'ends training after so many rounds without a better balanced accuracy on the validation images',
    placeholder: 'rounds',
    topic: 'optimisation',
    control: { type: 'number', from: 1, whole: true, none: 'never' },
    defaults: every(null),
    changeable: true,
  }),
  field({
    path: 'seed',
    name: 'Random seed',
    help: 'of everything random: split, first weights, order, augmentation, dropout',
    topic: 'optimisation',
    control: { type: 'number', from: 0, to: 0x7fffffff, whole: true },
    defaults: every(1),
  }),
  field({
    path: 'turns',
    name: 'Random turns',
    help: 'images are turned by random elements of the group: their cached orbits are permuted; without effect where the answer is invariant',
    topic: 'augmentation',
    control: { type: 'switch' },
    defaults: { prefinetune: true },
  }),
  field({
    path: 'augmentation.turns',
    name: 'Random turns',
    help: 'images are turned by quarter turns, or freely by any angle',
    topic: 'augmentation',
    control: {
      type: 'choice',
      options: { none: 'None', quarter: 'Quarter turns', free: 'Any angle' },
    },
    defaults: towers<'none' | 'quarter' | 'free'>('quarter', 'free'),
  }),
  field({
    path: 'augmentation.mirrors',
    name: 'Random mirrors',
    help: 'half of the images are mirrored',
    topic: 'augmentation',
    control: { type: 'switch' },
    defaults: towers<boolean>(true, true),
  }),
  field({
    path: 'augmentation.crop',
    name: 'Random crop',
    help: 'smallest and largest side, as shares of the short side; beyond its edge the picture is mirrored',
    placeholder: 'range',
    topic: 'augmentation',
    control: {
      type: 'numbers',
      each: { type: 'number', from: 0.1, to: 2 },
      parts: ['Smallest crop', 'Largest crop'],
      rising: true,
    },
    defaults: towers<[number, number]>([0.85, 1.05], [0.7, 1.05]),
  }),
  field({
    path: 'augmentation.shift',
    name: 'Random shift',
    help: 'largest distance of the crop’s centre from the picture’s along each axis, as a share of the short side',
    placeholder: 'share',
    topic: 'augmentation',
    control: { type: 'number', from: 0, to: 0.5 },
    defaults: towers<number>(0.05, 0.08),
  }),
  field({
    path: 'augmentation.brightness',
    name: 'Brightness jitter',
    help: 'largest relative change of the brightness',
    placeholder: 'share',
    topic: 'augmentation',
    control: jitter,
    defaults: towers<number>(0.1, 0.2),
  }),
  field({
    path: 'augmentation.contrast',
    name: 'Contrast jitter',
    help: 'largest relative change of the contrast',
    placeholder: 'share',
    topic: 'augmentation',
    control: jitter,
    defaults: towers<number>(0.1, 0.2),
  }),
  field({
    path: 'augmentation.saturation',
    name: 'Saturation jitter',
    help: 'largest relative change of the saturation',
    placeholder: 'share',
    topic: 'augmentation',
    control: jitter,
    defaults: towers<number>(0.1, 0.2),
  }),
  field({
    path: 'augmentation.hue',
    name: 'Hue jitter',
    unit: 'degrees',
    help: 'largest turn of the colour circle',
    placeholder: 'degrees',
    topic: 'augmentation',
    control: { type: 'number', from: 0, to: 180 },
    defaults: towers<number>(5, 10),
  }),
  field({
    path: 'augmentation.masked',
    name: 'Pictures on a disc',
    unit: 'share',
    help: 'share of the pictures that are seen on a disc, as the turn test shows them between quarter turns',
    placeholder: 'share',
    topic: 'augmentation',
    control: share,
    defaults: towers<number>(0, 0),
    before: 0,
  }),
  field({
    path: 'dropout',
    name: 'Dropout',
    help: 'share of the units of the embedding-level lambda net that are silenced while it learns',
    placeholder: 'share',
    topic: 'regularisation',
    control: { type: 'number', from: 0, to: 0.95 },
    defaults: networks<number>(0.5, 0.5),
    when: atEmbeddings,
  }),
  field({
    path: 'labelSmoothing',
    name: 'Label smoothing',
    help: 'share of the truth that is spread over all classes',
    placeholder: 'share',
    topic: 'regularisation',
    control: { type: 'number', from: 0, to: 0.9 },
    defaults: towers<number>(0, 0.05),
  }),
  field({
    path: 'logitAdjustment',
    name: 'Logit adjustment',
    help: 'against imbalance: so many times the logarithm of the class’s share is added to its logit while training (Menon et al. 2021)',
    placeholder: 'tau',
    topic: 'regularisation',
    control: { type: 'number', from: 0, to: 4 },
    defaults: towers<number>(0, 1),
  }),
  field({
    path: 'averaging',
    name: 'Weight averaging',
    unit: 'EMA decay',
    help: 'share that a step keeps of the running average of the weights; the average is what is validated and kept',
    placeholder: 'share',
    topic: 'regularisation',
    control: { type: 'number', from: 0, to: 0.99999, none: 'no average' },
    defaults: towers<number | null>(null, 0.998),
  }),
] as const;
