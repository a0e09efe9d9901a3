// The version of DermOrbit, as packages and records carry it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { installationFolder } from './folders.ts';

/** Read, not imported: the sources and the built files lie at different depths below package.json. */
export const version = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(installationFolder(), 'package.json'), 'utf8'))).version;
