// The finished model: the starting model's files, the new weight network, a card and a manifest, tried once and then
// installed. Like an import, it is there whole or not at all.
import { mkdir, rm } from 'node:fs/promises';
import { asDermOrbitError } from '../../contract/errors.ts';
import { manifestSchema, type Manifest, type PackageFileRole } from '../../contract/manifest.ts';
import { checkModel } from '../../engine/check-model.ts';
import { moveTo, PackageWriter } from '../../engine/store/package-writer.ts';
import { openPackage, packageFiles, readPackageFile, type ModelPackage } from '../../engine/store/package.ts';
import type { ModelStore } from '../../engine/store/store.ts';
import { version } from '../../engine/version.ts';

export interface TrainedModel {
  readonly id: string;
  readonly base: ModelPackage;
  /** Files that replace those of the starting model, or are new. */
  readonly files: Partial<Record<PackageFileRole, Uint8Array>>;
  readonly description: string;
  /** Where they are not the id and those of the starting model. */
  readonly name?: string;
  readonly license?: string;
  readonly logits?: Manifest['logits'];
  /** Fitted for these files; without it the new model has none, since that of the starting model is not its. */
  readonly calibration?: Manifest['calibration'];
  readonly metrics: Manifest['metrics'];
}

/** @throws DermOrbitError MODEL_EXISTS, MODEL_FILE_MISSING, MODEL_HASH_MISMATCH, WRITE_FAILED, DISK_FULL */
export async function installTrained(store: ModelStore, model: TrainedModel): Promise<ModelPackage> {
  const { target, temporary } = await store.reserve(model.id);
  try {
    await mkdir(temporary, { recursive: true });
    const writer = new PackageWriter(temporary);
    const kept = packageFiles(model.base.manifest).filter(([role]) => !model.files[role]);
    for (const [role, file] of kept) await writer.write(role, await readPackageFile(model.base, file));
    for (const [role, bytes] of Object.entries(model.files) as [PackageFileRole, Uint8Array][]) {
      await writer.write(role, bytes);
    }
    await writer.writeManifest(
      manifestSchema.parse({
        ...model.base.manifest,
        id: model.id,
        name: model.name ?? model.id,
        description: model.description,
        license: model.license ?? model.base.manifest.license,
        logits: model.logits ?? model.base.manifest.logits,
        created: new Date().toISOString(),
        madeWith: version,
        files: writer.written,
        metrics: model.metrics,
        calibration: model.calibration,
      }),
    );
    await checkModel(await openPackage(temporary));
    await moveTo(target, temporary);
    return await openPackage(target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw asDermOrbitError(error, 'WRITE_FAILED');
  }
}
