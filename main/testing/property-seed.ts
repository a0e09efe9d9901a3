// Runs before every test file: property tests draw the same values each time, so that no test turns red by chance for
// a reason that the change at hand did not cause. fast-check prints the seed with every counterexample.
// `npm run test:fuzz` draws new values; vitest.config.ts hands the seed over. What it finds becomes an example of its
// property (`{ examples: [...] }`).
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.DERMORBIT_PROPERTY_SEED) });
