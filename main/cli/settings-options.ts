// The options that say how a prediction is made; shared by the commands that predict.
import type { Command } from 'commander';
import type { PriorChoice } from '../contract/calibration.ts';
import { DermOrbitError } from '../contract/errors.ts';
import type { GroupName } from '../groups/groups.ts';
import {
  groupNameSchema,
  headSchema,
  inverseSchema,
  levelSchema,
  methodSchema,
  scorerSchema,
  scoreSchema,
  type Head,
  type Inverse,
  type Level,
  type Method,
  type Score,
  type Scorer,
  type SettingsChoice,
} from '../contract/settings.ts';
import { parseProvider } from '../engine/providers.ts';
import { choice } from './choice.ts';

export interface SettingsOptions {
  readonly group?: GroupName;
  readonly method?: Method;
  readonly level?: Level;
  readonly inverse?: Inverse;
  readonly head?: Head;
  readonly scorer?: Scorer;
  readonly score?: Score;
  readonly prior?: string;
  readonly provider: string;
  readonly model?: string;
}

export function addSettingsOptions(command: Command): Command {
  return command
    .option('--model <id|folder>', 'model to use (default: dermorbit-base)')
    .addOption(
      choice(
        '--group <group>',
        'turns and mirrors under which the answer must not change (default: c4)',
        groupNameSchema.options,
      ),
    )
    .addOption(
      choice(
        '--method <method>',
        'how the orientations are combined (default: lambda, or equitune without a lambda net)',
        methodSchema.options,
      ),
    )
    .addOption(
      choice(
        '--level <level>',
        'combine feature maps, or embeddings (default: feature)',
        levelSchema.options,
      ),
    )
    .addOption(
      choice(
        '--inverse <on|off>',
        'turn feature maps back before combining (default: on)',
        inverseSchema.options,
      ),
    )
    .addOption(
      choice(
        '--head <head>',
        'what the attention pool sees: the combined map, or its whole orbit (default: orbit)',
        headSchema.options,
      ),
    )
    .addOption(
      choice(
        '--scorer <scorer>',
        'what canonical chooses by: feature maps, or small pictures before the image tower runs, once (default: feature)',
        scorerSchema.options,
      ),
    )
    .addOption(
      choice(
        '--score <score>',
        'what equizero chooses by: largest probability, least entropy, lowest energy, or least distance to the class means (default: probability)',
        scoreSchema.options,
      ),
    )
    .option(
      '--prior <prior>',
      'how common the classes are taken to be: balanced, training, or shares such as "MEL=0.05,NV=0.8,..." (default: balanced)',
    )
    .option('--provider <provider>', 'auto, cuda, tensorrt, dml, webgpu, coreml or cpu', 'auto');
}

/** What the person chose, and nothing for the rest. */
export function settingsChoice(options: SettingsOptions): SettingsChoice {
  const { group, method, level, inverse, head, scorer, score } = options;
  const prior = options.prior === undefined ? undefined : parsePrior(options.prior);
  return { group, method, level, inverse, head, scorer, score, prior };
}

/**
 * A prior from what a person wrote: a name, or shares such as `MEL=0.05,NV=0.8,...`.
 * @throws DermOrbitError PRIOR_INVALID
 */
export function parsePrior(text: string): PriorChoice {
  if (text === 'balanced' || text === 'training') return text;
  const shares: Record<string, number> = {};
  for (const part of text.split(',')) {
    const [code = '', share = ''] = part.split('=').map((side) => side.trim());
    if (code === '' || share === '' || Number.isNaN(Number(share)) || Object.hasOwn(shares, code)) {
      const message = `"${part.trim()}" is not a class and its share; or name balanced or training.`;
      throw new DermOrbitError('PRIOR_INVALID', message);
    }
    shares[code] = Number(share);
  }
  return shares;
}

/** @throws DermOrbitError PROVIDER_UNKNOWN */
export function providerOption({ provider }: SettingsOptions): ReturnType<typeof parseProvider> {
  return parseProvider(provider);
}
