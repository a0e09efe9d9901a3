// npm run serve: builds what is stale, then serves the app to a browser on this computer (main/host/main.ts).
import { buildFor } from './build.ts';

await buildFor('host', true);
await import('../main/host/main.ts');
