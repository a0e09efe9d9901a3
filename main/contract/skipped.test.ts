import { expect, it } from 'vitest';
import { errorTexts } from './error-texts/table.ts';
import { groupSkipped, skip, skipCodeSchema, skippedStep } from './skipped.ts';

it('counts by kind and says what to do, the same to every reader: messages of folders repeat it', () => {
  for (const code of skipCodeSchema.options) {
    const [group] = groupSkipped([skip('a', code, 'is one'), skip('b', code, 'is one')]);
    expect(group).toMatchObject({ code, count: 2, files: ['a', 'b'] });
    const step = skippedStep(group!, 'app');
    expect(step).toBe(code === 'TEXT_FILE' ? '' : errorTexts[code].action);
    expect(skippedStep(group!, 'cli')).toBe(step);
  }
});
