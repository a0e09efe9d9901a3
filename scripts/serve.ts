// npm run serve: builds what is stale, then serves the app to a browser on this computer (main/host/main.ts).
import { readHostOptions } from '../main/host/options.ts';
import { buildFor } from './build.ts';

// Help and mistakes need no build.
readHostOptions(process.argv.slice(2));
await buildFor('host', true);
await import('../main/host/main.ts');
