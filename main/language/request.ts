// What a person asks for - a model, groups of words, a method - made ready to be asked: files read, words looked up,
// everything that cannot work refused before the model runs.
import { basename } from 'node:path';
import { DermOrbitError } from '../contract/errors.ts';
import type { GroupsFile, LanguageMethod, ScoreName } from '../contract/language.ts';
import type { ProviderChoice } from '../contract/settings.ts';
import { readJsonFile } from '../engine/store/source-files.ts';
import type { Asking } from './asking.ts';
import { groupOfFile, parseGroupsFile } from './groups-file.ts';
import { languageMethods, type MethodOptions } from './methods.ts';
import { logitScores } from './scores.ts';
import { openLanguageModel, type OpenedLanguageModel } from './store/open.ts';
import { findLanguageModel } from './store/store.ts';

export interface LanguageRequest {
  /** An id, or the folder of a package. */
  readonly model: string;
  readonly method: LanguageMethod;
  /** A groups file; needed by every method but plain. */
  readonly groups?: string | undefined;
  readonly score?: ScoreName | undefined;
  readonly ties?: 'first' | 'mean' | undefined;
  readonly choose?: 'token' | 'context' | undefined;
  /** A lambda net to use instead of the model's own. */
  readonly lambda?: string | undefined;
  readonly provider?: ProviderChoice | undefined;
  /** Where imported models lie. */
  readonly folder?: string | undefined;
}

export interface OpenedRequest extends Asking {
  readonly model: OpenedLanguageModel;
}

/** A groups file has a few hundred words. */
const largestGroupsFile = 4 * 2 ** 20;

/** The content of a groups file. @throws DermOrbitError GROUPS_INVALID */
export async function readGroupsFile(path: string): Promise<GroupsFile> {
  return parseGroupsFile(await readJsonFile(path, 'GROUPS_INVALID', largestGroupsFile), basename(path));
}

/**
 * Opens what a request names. The caller closes the model.
 * @throws DermOrbitError GROUPS_NEEDED, LANGUAGE_LAMBDA_MISSING, and as the openers of models and groups
 */
export async function openRequest(request: LanguageRequest): Promise<OpenedRequest> {
  const { method, groups, score = 'max-probability', ties = 'first', choose = 'token' } = request;
  if (groups === undefined && languageMethods[method].readsOrbit) {
    throw new DermOrbitError('GROUPS_NEEDED', `The method ${method} needs a group of words.`);
  }
  const found = await findLanguageModel(request.model, request.folder);
  const model = await openLanguageModel(found, request.provider ?? 'auto', request.lambda);
  try {
    if (method === 'lambda' && !model.lambda) {
      throw new DermOrbitError('LANGUAGE_LAMBDA_MISSING', `${model.manifest.id} brings no lambda net.`);
    }
    const tokens = groups === undefined ? null : groupOfFile(await readGroupsFile(groups), model.tokenizer);
    const options: MethodOptions = { method, ties, score: logitScores[score], net: model.lambda };
    return { model, tokens, options, choose };
  } catch (error) {
    await model.close();
    throw error;
  }
}
