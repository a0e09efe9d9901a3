import type { Evaluation } from '../contract/evaluation.ts';
export function evaluationReport(evaluation: Evaluation): string {
  return JSON.stringify(evaluation);
}
