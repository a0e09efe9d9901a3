// From what lies on disk to a backbone: tensors by name go to the families of checkpoints, a whole graph to the
// classifiers. What a person says of the pictures counts over what either of them found.
import type { Checkpoint } from '../../backbones/checkpoints/checkpoint.ts';
import { importClassifier } from '../../backbones/classifier/import.ts';
import { importBackbone } from '../../backbones/import.ts';
import type { ImportedBackbone } from '../../backbones/imported.ts';
import type { ImportRequest } from '../../contract/engine.ts';
import { DermOrbitError } from '../../contract/errors.ts';
import { presets } from '../../contract/pictures.ts';
import { evaluateConstants, openSession } from '../runtime.ts';
import type { ModelSource } from './source-files.ts';

/** @throws DermOrbitError with the codes of checkpoints and graphs, OPTION_INVALID */
export async function readBackbone(source: ModelSource, request: ImportRequest): Promise<ImportedBackbone> {
  if ('graph' in source.content) {
    return importClassifier(
      source.content.graph,
      source,
      { ...request, embeds: request.classEmbeddings !== undefined },
      { open: (bytes) => openSession(bytes, 'cpu'), evaluate: evaluateConstants },
    );
  }
  requireNoGraphOptions(request);
  const { checkpoint } = source.content;
  const backbone = ofCheckpoint(checkpoint, { ...source, activation: request.activation });
  return { ...backbone, input: chosenInput(backbone.input, request) };
}

/** Where the weights stood and what was left in the file, for a person; undefined where they were all of it. */
export function describeSkipped({ content }: ModelSource): string | undefined {
  return 'graph' in content ? undefined : skippedOf(content.checkpoint);
}

function skippedOf({ entry, skipped }: Checkpoint): string | undefined {
  if (skipped.length === 0) return undefined;
  const place = entry === null ? 'Beside the weights' : `The weights were read from "${entry}"; beside it`;
  const more = skipped.length > 5 ? ` and ${skipped.length - 5} more` : '';
  return `${place} the file holds ${skipped.slice(0, 5).join(', ')}${more}: not read, and not needed.`;
}

/** The backbone of a checkpoint; where it is none, the error also says what else the file holds. */
function ofCheckpoint(checkpoint: Checkpoint, hints: Parameters<typeof importBackbone>[1]): ImportedBackbone {
  try {
    return importBackbone(checkpoint, hints);
  } catch (error) {
    const skipped = skippedOf(checkpoint);
    if (!(error instanceof DermOrbitError) || skipped === undefined) throw error;
    throw new DermOrbitError(error.code, `${error.message} ${skipped}`, { cause: error });
  }
}

function requireNoGraphOptions({ cut, output, map }: ImportRequest): void {
  const given = Object.entries({ cut, output, map }).find(([, value]) => value !== undefined);
  if (!given) return;
  throw new DermOrbitError(
    'OPTION_INVALID',
    `--${given[0]} is for networks that come as an ONNX graph; this file holds tensors by name.`,
  );
}

function chosenInput(
  input: ImportedBackbone['input'],
  { preset, mean, std, size }: ImportRequest,
): ImportedBackbone['input'] {
  if (size !== undefined && size !== input.size) {
    throw new DermOrbitError(
      'OPTION_INVALID',
      `This model was trained for pictures of ${input.size} x ${input.size} and takes no others, not of ${size}.`,
    );
  }
  const base = preset && presets[preset];
  return {
    ...input,
    mean: [...(mean ?? base?.mean ?? input.mean)],
    std: [...(std ?? base?.std ?? input.std)],
  };
}
