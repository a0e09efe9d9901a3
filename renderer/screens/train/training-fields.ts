// The settings of a training, in one table: what each is called, which kinds have it, how it is entered. Pure.
import type { TrainKind } from '../../../main/contract/jobs.ts';
import { groupTerms, headTerms, inverseTerms, levelTerms } from '../../words/words.ts';

interface Option {
  readonly value: string;
  readonly name: string;
}

type Control =
  | { readonly type: 'number'; readonly whole?: boolean; readonly none?: string }
  | { readonly type: 'choice'; readonly options: readonly Option[] }
  | { readonly type: 'switch' }
  /** Rounds at smaller sizes: `64:12, 96:10`. */
  | { readonly type: 'stages' };

export interface TrainingField {
  /** In the configuration: `augmentation.crop.0`. */
  readonly path: string;
  readonly name: string;
  readonly explanation?: string;
  readonly kinds: readonly TrainKind[];
  readonly control: Control;
  /** Shown only where it has an effect. */
  readonly when?: (config: Fields) => boolean;
}

/** A configuration of any kind, by name; its schema decides what may stand where. */
export type Fields = Readonly<Record<string, unknown>>;

const all = ['prefinetune', 'finetune', 'scratch'] as const;
const towers = ['finetune', 'scratch'] as const;
const networks = ['prefinetune', 'finetune'] as const;
const number: Control = { type: 'number' };
const whole: Control = { type: 'number', whole: true };
const choice = (...options: (readonly [string, string])[]): Control => ({
  type: 'choice',
  options: options.map(([value, name]) => ({ value, name })),
});
const terms = (table: Readonly<Record<string, { name: string }>>): Control =>
  choice(...Object.entries(table).map(([value, { name }]) => [value, name] as const));

const weighs = ({ method }: Fields) => method === 'lambda' || method === 'attention';
const combines = ({ method }: Fields) => method !== 'vanilla';
const atEmbeddings = ({ method, level }: Fields) => method === 'lambda' && level === 'embedding';
const atFeatures = (config: Fields) => combines(config) && !atEmbeddings(config);
const withSgd = ({ optimizer }: Fields) => optimizer === 'sgd';

/** What most people decide. */
export const plainFields: readonly TrainingField[] = [
  { path: 'group', name: 'Group', kinds: networks, control: terms(groupTerms), when: combines },
  {
    path: 'rounds',
    name: 'Rounds',
    kinds: all,
    control: whole,
  },
  { path: 'iterations', name: 'Steps per round', kinds: ['prefinetune'], control: whole },
  {
    path: 'iterations',
    name: 'Steps per round',
    kinds: towers,
    control: { type: 'number', whole: true, none: 'all images once' },
  },
  { path: 'batch', name: 'Images per step', kinds: all, control: whole },
  { path: 'learningRate', name: 'Learning rate', kinds: all, control: number },
  {
    path: 'balance',
    name: 'Classes',
    kinds: all,
    control: choice(
      ['none', 'As they are'],
      ['oversample', 'Rare ones more often'],
      ['undersample', 'Frequent ones less often'],
    ),
  },
  { path: 'architecture.size', name: 'Input size (pixels)', kinds: ['scratch'], control: whole },
];

export interface FieldTopic {
  readonly title: string;
  readonly fields: readonly TrainingField[];
}

const jitters = (['brightness', 'contrast', 'saturation'] as const).map((part) => ({
  path: `augmentation.${part}`,
  name: `${part[0]?.toUpperCase() ?? ''}${part.slice(1)} change`,
  kinds: towers,
  control: number,
}));

/** The rest, by topic. */
export const furtherFields: readonly FieldTopic[] = [
  {
    title: 'What is combined',
    fields: [
      {
        path: 'level',
        name: 'Level',
        kinds: networks,
        control: terms(levelTerms),
        when: ({ method }) => method === 'lambda',
      },
      {
        path: 'inverse',
        name: 'Inverse (maps turned back)',
        kinds: networks,
        control: terms(inverseTerms),
        when: atFeatures,
      },
      { path: 'head', name: 'Head', kinds: networks, control: terms(headTerms), when: atFeatures },
      {
        path: 'initial',
        name: 'Weight network initialised from',
        kinds: networks,
        control: choice(['fresh', 'Random weights'], ['model', 'The model’s own']),
        when: weighs,
      },
      {
        path: 'network',
        name: 'Weight network',
        kinds: ['finetune'],
        control: choice(['trainable', 'Trained'], ['frozen', 'Frozen']),
        when: weighs,
      },
      {
        path: 'classEmbeddings',
        name: 'Class embeddings',
        kinds: ['finetune'],
        control: choice(
          ['trainable', 'Trained'],
          ['frozen', 'Frozen'],
          ['fresh', 'Trained anew, for the seven classes'],
        ),
      },
      {
        path: 'batchNorm',
        name: 'Batch norm',
        kinds: ['finetune'],
        control: choice(['frozen', 'As it is'], ['live', 'Learns']),
      },
    ],
  },
  {
    title: 'Architecture',
    fields: [
      ...[0, 1, 2, 3].map((stage) => ({
        path: `architecture.layers.${stage}`,
        name: `Blocks of stage ${stage + 1}`,
        kinds: ['scratch'] as const,
        control: whole,
      })),
      { path: 'architecture.width', name: 'Width (channels)', kinds: ['scratch'], control: whole },
      { path: 'architecture.embedding', name: 'Embedding length', kinds: ['scratch'], control: whole },
      {
        path: 'smallerFirst',
        name: 'Progressive resizing',
        explanation: 'Size and rounds, such as 64:12, 96:10; the other rounds see whole pictures',
        kinds: ['scratch'],
        control: { type: 'stages' },
      },
    ],
  },
  {
    title: 'Steps',
    fields: [
      {
        path: 'optimizer',
        name: 'Optimizer',
        kinds: all,
        control: choice(['sgd', 'SGD'], ['adamw', 'AdamW']),
      },
      { path: 'momentum', name: 'Momentum', kinds: all, control: number, when: withSgd },
      { path: 'nesterov', name: 'Nesterov momentum', kinds: all, control: { type: 'switch' }, when: withSgd },
      { path: 'weightDecay', name: 'Weight decay', kinds: all, control: number },
      {
        path: 'clip',
        name: 'Gradient clipping (norm)',
        kinds: all,
        control: { type: 'number', none: 'no bound' },
      },
      {
        path: 'schedule',
        name: 'Learning rate schedule',
        kinds: all,
        control: choice(
          ['constant', 'Constant'],
          ['cosine', 'Cosine down to 0'],
          ['linear', 'Linear down to 0'],
        ),
      },
      { path: 'warmup', name: 'Warm-up (steps)', kinds: all, control: whole },
      {
        path: 'loss',
        name: 'Loss',
        kinds: all,
        control: choice(['updated', 'Cross entropy of logits'], ['original', 'Of softmaxed logits']),
      },
      {
        path: 'patience',
        name: 'Early stopping (rounds without improvement)',
        kinds: all,
        control: { type: 'number', whole: true, none: 'never' },
      },
      { path: 'seed', name: 'Random seed', kinds: all, control: whole },
    ],
  },
  {
    title: 'Regularisation',
    fields: [
      {
        path: 'turns',
        name: 'Random turns',
        kinds: ['prefinetune'],
        control: { type: 'switch' },
      },
      { path: 'dropout', name: 'Dropout', kinds: networks, control: number, when: atEmbeddings },
      {
        path: 'augmentation.turns',
        name: 'Random turns',
        kinds: towers,
        control: choice(['none', 'None'], ['quarter', 'Quarter turns'], ['free', 'Any angle']),
      },
      { path: 'augmentation.mirrors', name: 'Random mirrors', kinds: towers, control: { type: 'switch' } },
      { path: 'augmentation.crop.0', name: 'Smallest crop', kinds: towers, control: number },
      { path: 'augmentation.crop.1', name: 'Largest crop', kinds: towers, control: number },
      { path: 'augmentation.shift', name: 'Shift of the crop', kinds: towers, control: number },
      ...jitters,
      { path: 'augmentation.hue', name: 'Hue change (degrees)', kinds: towers, control: number },
      { path: 'augmentation.masked', name: 'Share of pictures on a disc', kinds: towers, control: number },
      { path: 'labelSmoothing', name: 'Label smoothing', kinds: towers, control: number },
      { path: 'logitAdjustment', name: 'Logit adjustment', kinds: towers, control: number },
      {
        path: 'averaging',
        name: 'Weight averaging (EMA decay)',
        kinds: towers,
        control: { type: 'number', none: 'no average' },
      },
    ],
  },
];

/** The fields of a kind that have an effect. */
export function fieldsOf(
  fields: readonly TrainingField[],
  kind: TrainKind,
  config: Fields,
): readonly TrainingField[] {
  return fields.filter(({ kinds, when }) => kinds.includes(kind) && (when?.(config) ?? true));
}

const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

export function valueAt(config: unknown, path: string): unknown {
  return path.split('.').reduce((value, key) => (isRecord(value) ? value[key] : undefined), config);
}

/** The configuration with another value at a path. */
export function withValue(config: Fields, path: string, value: unknown): Fields {
  const [key = '', ...rest] = path.split('.');
  const inner = config[key];
  const changed = rest.length === 0 || !isRecord(inner) ? value : withValue(inner, rest.join('.'), value);
  if (Array.isArray(config)) {
    return Object.assign([...(config as unknown[])], { [key]: changed });
  }
  return { ...config, [key]: changed };
}

/** `64:12, 96:10` as sizes and rounds; what is not understood is left to the schema to refuse. */
export function parseStages(text: string): { size: number; rounds: number }[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [size = Number.NaN, rounds = Number.NaN] = part.split(':').map(Number);
      return { size, rounds };
    });
}

export function stagesText(stages: unknown): string {
  if (!Array.isArray(stages)) return '';
  return (stages as { size: number; rounds: number }[])
    .map(({ size, rounds }) => `${size}:${rounds}`)
    .join(', ');
}
