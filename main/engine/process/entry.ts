// The program of the engine process.
import { engineContract } from '../../contract/engine.ts';
import { serveContract } from '../../base/process/serve.ts';
import { createEngine } from '../engine.ts';

serveContract(engineContract, createEngine());
