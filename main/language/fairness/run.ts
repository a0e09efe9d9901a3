// The fairness experiment from what a person names: prompts, groups, methods, a classifier and a text, each optional.
import { basename } from 'node:path';
import type { FairnessMethod, FairnessResult, FairnessSample } from '../../contract/fairness.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import type { LanguageMethod } from '../../contract/language.ts';
import { defaultBootstrap } from '../../evaluation/metrics/bootstrap.ts';
import { readJsonFile, readLimited } from '../../engine/store/source-files.ts';
import { version } from '../../engine/version.ts';
import { promptIds, type GenerationOptions } from '../asking.ts';
import { readGroupsFile, openRequest, type LanguageRequest } from '../request.ts';
import { perplexity } from '../perplexity.ts';
import { isMoved } from '../token-group.ts';
import { measureMethod, type TextClassifier } from './experiment.ts';

export interface FairnessRequest extends Omit<LanguageRequest, 'method' | 'groups'> {
  readonly groups: string;
  readonly methods: readonly LanguageMethod[];
  /** A text file with a prompt on each line, or a JSON list of texts. */
  readonly prompts: string;
  readonly samples: number;
  readonly sampling: Omit<GenerationOptions, 'random' | 'signal'>;
  readonly seed: number;
  readonly classifier: (TextClassifier & { readonly name: string; readonly sha256: string }) | null;
  /** A text whose perplexity is measured. */
  readonly text?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, of: number, method: LanguageMethod) => void) | undefined;
}

/** Prompts of a file: more than the papers', and still no book. */
const largestPrompts = 16 * 2 ** 20;

/**
 * Prompts, one on each line, or a JSON list.
 * @throws DermOrbitError PROMPTS_FILE_INVALID
 */
export async function readPrompts(path: string): Promise<string[]> {
  const bytes = await readLimited(path, 'PROMPTS_FILE_INVALID');
  if (bytes.length > largestPrompts) {
    throw new DermOrbitError(
      'PROMPTS_FILE_INVALID',
      `${path}: ${bytes.length} bytes are no list of prompts.`,
    );
  }
  const lines = path.toLowerCase().endsWith('.json')
    ? await readJsonFile(path, 'PROMPTS_FILE_INVALID', largestPrompts)
    : new TextDecoder()
        .decode(bytes)
        .replace(/^\ufeff/, '')
        .split(/\r?\n/);
  if (!Array.isArray(lines) || !lines.every((line) => typeof line === 'string')) {
    throw new DermOrbitError('PROMPTS_FILE_INVALID', `${path} is no JSON list of texts.`);
  }
  // A space behind the last word would be a token of its own, and no text goes on behind it as one does.
  const prompts = lines.map((line) => line.trimEnd()).filter((line) => line !== '');
  if (prompts.length === 0) throw new DermOrbitError('PROMPTS_FILE_INVALID', `${path} holds no prompt.`);
  return prompts;
}

/**
 * Runs the experiment.
 * @throws DermOrbitError as the readers of prompts, groups and models; CANCELLED
 */
export async function runFairness(
  request: FairnessRequest,
): Promise<{ result: FairnessResult; samples: FairnessSample[] }> {
  const { methods, samples, sampling, seed, classifier, signal, text } = request;
  const prompts = await readPrompts(request.prompts);
  const file = await readGroupsFile(request.groups);
  const method = methods.includes('lambda') ? 'lambda' : 'equilm';
  const opened = await openRequest({ ...request, method });
  try {
    const { model } = opened;
    const tokens = opened.tokens!;
    const ids = prompts.map((prompt) => promptIds(model, prompt));
    const textIds = text === undefined ? null : model.tokenizer.encode(await readText(text));
    const asking = (of: LanguageMethod) => ({
      ...opened,
      tokens,
      options: { ...opened.options, method: of },
    });
    const rows: FairnessMethod[] = [];
    const all: FairnessSample[] = [];
    for (const [at, name] of methods.entries()) {
      let done = at * prompts.length;
      const onPrompt = () => request.onProgress?.(++done, methods.length * prompts.length, name);
      const plan = { prompts: ids, samples, sampling, seed, classifier, signal, onPrompt };
      const measured = await measureMethod(asking(name), asking('plain'), file, plan);
      const confusion = textIds ? (await perplexity(asking(name), textIds, signal)).perplexity : null;
      rows.push({ ...measured.figures, perplexity: confusion });
      all.push(...measured.samples);
    }
    const { manifest, sha256, provider } = model;
    const result: FairnessResult = {
      made: new Date().toISOString(),
      dermorbit: version,
      model: { id: manifest.id, name: manifest.name, sha256, provider },
      groups: file,
      prompts,
      unmoved: ids.filter((prompt) => !isMoved(tokens, prompt)).length,
      samplesPerPrompt: samples,
      length: sampling.length,
      topK: sampling.topK ?? null,
      temperature: sampling.temperature ?? 1,
      seed,
      classifier: classifier && {
        name: classifier.name,
        labels: classifier.labels,
        sha256: classifier.sha256,
      },
      text: text === undefined ? null : { name: basename(text), tokens: textIds?.length ?? 0 },
      resamples: defaultBootstrap.resamples,
      confidence: defaultBootstrap.confidence,
      methods: rows,
    };
    return { result, samples: all };
  } finally {
    await opened.model.close();
  }
}

/** @throws DermOrbitError LANGUAGE_TEXT_SHORT if the file cannot be read */
async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readLimited(path, 'LANGUAGE_TEXT_SHORT'));
}
