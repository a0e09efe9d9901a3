import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addCommands, commandNamed, commands } from './commands.ts';

const names = Object.keys(commands) as (keyof typeof commands)[];

it.each([
  [['classify', 'models'], 'classify'],
  [['help', 'train'], 'train'],
  [['--no-colour', 'score'], 'score'],
  [['--help'], null],
  [['constructor'], null],
  [[], null],
])('%j names %s', (args, name) => {
  expect(commandNamed(args)).toBe(name);
});

describe.each(names)('%s', (name) => {
  it('is listed among all when it is loaded, with its own description and options or commands', async () => {
    const program = new Command();
    await addCommands(program, name);
    expect(program.commands.map((command) => command.name())).toEqual(names);
    const command = program.commands.find((one) => one.name() === name)!;
    expect(command.description()).toBe(commands[name].description);
    expect(command.options.length + command.commands.length).toBeGreaterThan(0);
  });
});

it.runIf(process.platform === 'linux')(
  'starts no inference runtime and no image decoder for the help',
  () => {
    const program = join(import.meta.dirname, 'dermorbit.ts');
    const spy = `process.on('exit', () => console.error(process.report.getReport().sharedObjects.join('\\n')))`;
    const objects = (...args: string[]) =>
      execFileSync(
        'sh',
        [
          '-c',
          '"$0" "$@" 2>&1',
          process.execPath,
          '--import',
          `data:text/javascript,${spy}`,
          program,
          ...args,
        ],
        {
          encoding: 'utf8',
        },
      );
    const helped = objects('--help');
    for (const name of names) expect(helped).toContain(`${name} `);
    expect(helped).not.toMatch(/onnxruntime|sharp/);
    expect(objects('help', 'classify')).toMatch(/onnxruntime/);
  },
);
