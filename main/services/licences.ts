// The licences of what DermOrbit is built from, gathered at build time (scripts/licences.ts).
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { licenceSchema, type Licence } from '../contract/application.ts';
import { DermOrbitError } from '../contract/errors.ts';

/** @throws DermOrbitError INTERNAL if this build carries no readable list */
export async function readLicences(file: string): Promise<Licence[]> {
  try {
    return z.array(licenceSchema).parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (thrown) {
    throw new DermOrbitError('INTERNAL', 'This build carries no list of third-party licences.', {
      cause: thrown,
    });
  }
}
