// The version of DermOrbit, as packages and records carry it.
import packageJson from '../../package.json' with { type: 'json' };

export const version: string = packageJson.version;
