// Shares as percentages, where figures stand in tables, reports and cards. Depends on nothing.

/**
 * A share of 1 with one decimal, "61.0 %", never rounded to a certainty that it is not. The page shows probabilities
 * shorter (renderer/words).
 * @returns a dash for null
 */
export function percent(share: number | null): string {
  if (share === null) return '-';
  if (share > 0.999 && share < 1) return '>99.9 %';
  if (share > 0 && share < 0.001) return '<0.1 %';
  return `${(share * 100).toFixed(1)} %`;
}
