// The square of UnitChart: 0 to 1 both ways as places of its drawing.

export const unitFrame = { left: 40, top: 8, size: 240 } as const;

export function px(value: number): number {
  return unitFrame.left + value * unitFrame.size;
}

export function py(value: number): number {
  return unitFrame.top + (1 - value) * unitFrame.size;
}
