// The options that say how a prediction is made; shared by the commands that predict.
import { Command, Option } from 'commander';
import type { GroupName } from '../groups/groups.ts';
import {
  groupNameSchema,
  headSchema,
  inverseSchema,
  levelSchema,
  methodSchema,
  type Head,
  type Inverse,
  type Level,
  type Method,
  type SettingsChoice,
} from '../contract/settings.ts';
import { parseProvider } from '../engine/providers.ts';

export interface SettingsOptions {
  readonly group?: GroupName;
  readonly method?: Method;
  readonly level?: Level;
  readonly inverse?: Inverse;
  readonly head?: Head;
  readonly provider: string;
  readonly model?: string;
}

export function addSettingsOptions(command: Command): Command {
  const choice = (flags: string, description: string, values: readonly string[]) =>
    new Option(flags, description).choices(values);
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
    .option('--provider <provider>', 'auto, cuda, tensorrt, dml, webgpu, coreml or cpu', 'auto');
}

/** What the person chose, and nothing for the rest. */
export function settingsChoice({ group, method, level, inverse, head }: SettingsOptions): SettingsChoice {
  return { group, method, level, inverse, head };
}

/** @throws DermOrbitError PROVIDER_UNKNOWN */
export function providerOption({ provider }: SettingsOptions): ReturnType<typeof parseProvider> {
  return parseProvider(provider);
}
