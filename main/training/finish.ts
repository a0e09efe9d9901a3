// The end of a run: the best weights become a network, the network is measured beside the starting model, and the model
// that has it is installed.
import { readPackageFile, type ModelPackage } from '../engine/store/package.ts';
import type { ModelStore } from '../engine/store/store.ts';
import { encodeModel } from '../onnx/codec.ts';
import type { CachedSet } from './cache/sets.ts';
import type { TrainingCheckpoint } from './checkpoint.ts';
import { compareWithStart, type CompareOptions } from './compare.ts';
import { packagedNet } from './frozen.ts';
import type { FrozenParts } from './graphs/forward.ts';
import { weightNets, weightTensor } from './graphs/weight-nets.ts';
import { countByClass } from './data/describe.ts';
import { type DataHashes, type PrefinetuneRequest, type TrainInput } from './request.ts';
import { installTrained } from './run/install.ts';
import { cardMetrics, modelCard, netNames, plain } from './run/model-card.ts';
import { softwareVersions } from './run/versions.ts';
import type { RunFolder } from './run/run-folder.ts';

export interface FinishInput extends TrainInput {
  readonly last: TrainingCheckpoint;
  readonly hashes: DataHashes;
  readonly parts: FrozenParts;
  readonly folder: RunFolder;
  /** Images that a graph takes at once. */
  readonly part: number;
}

/**
 * Best weights -> network -> comparison with the start -> card -> installed model.
 * @throws DermOrbitError of caches and installing; an AbortError: the run can be resumed, and ends here again
 */
export async function finishModel(
  store: ModelStore,
  { config, model: base, out, run }: PrefinetuneRequest,
  input: FinishInput,
  options: CompareOptions,
): Promise<ModelPackage> {
  const { model, net, training, validation, data, problems, skipped, last, hashes, parts, folder } = input;
  const { manifest } = base;
  const best = last.history.find(({ round }) => round === last.best)!;
  const weights = new Map(
    [...last.bestWeights].map(([name, { dims, data: values }]) => [name, weightTensor(dims, values)]),
  );
  const network = weightNets[net].build(weights, manifest);
  const bytes = encodeModel(network);
  const results = await compareWithStart(
    {
      parts,
      config,
      net,
      trained: network,
      started: await packagedNet(base, net),
      validation,
      provider: model.provider,
      batch: input.part,
      names: { out, base: manifest.id },
    },
    options,
  );
  const { card } = manifest.files;
  const counts = (set: CachedSet) => countByClass(set.images, model.manifest.classes.length);
  const text = modelCard({
    id: out,
    headline: `The model ${plain(manifest.name)} with a ${netNames[net]} that DermOrbit trained (pre-finetuning: image tower, attention pool and class embeddings frozen).`,
    parts: [
      ['starting model', `${manifest.id}, manifest sha256 ${base.sha256}`],
      ['licence of the starting model', manifest.license],
      ['trained network', `${netNames[net]}, ${bytes.length} bytes`],
      ['group', config.group],
      ['combination', `inverse ${config.inverse}, ${config.head} head`],
    ],
    baseCard: card ? new TextDecoder().decode(await readPackageFile(base, card)) : null,
    config,
    classes: manifest.classes,
    training: counts(training),
    validation: counts(validation),
    hashes,
    lesionsKnown: data.lesionsKnown,
    problems,
    skipped,
    best,
    rounds: last.round,
    results,
    versions: softwareVersions(model.provider),
  });
  await folder.writeCard(text);
  const images = validation.images.length;
  const installed = await installTrained(store, {
    id: out,
    base,
    files: { [net]: bytes, card: new TextEncoder().encode(text) },
    description:
      `${manifest.name} with a ${config.method} network pre-finetuned on ${training.images.length} images.`.slice(
        0,
        2000,
      ),
    metrics: cardMetrics(results, images),
  });
  await folder.writeResult({ model: out, finished: new Date().toISOString(), results });
  options.onEvent?.({ kind: 'done', model: out, folder: installed.folder, run, results });
  return installed;
}
