// `node --import` this, and `import ... from 'electron'` gives the test double. Only the module is replaced: the
// code of main/electron that runs on it is what ships.
import { registerHooks } from 'node:module';

const double = new URL('electron.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: double, shortCircuit: true } : next(specifier, context),
});
