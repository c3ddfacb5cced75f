// What every state of the page has to satisfy.
import axe, { type AxeResults } from 'axe-core';
import { expect } from 'vitest';
import type { Person } from './person.js';

/** Fails on what axe finds against WCAG 2.1 AA. */
export async function expectAccessible({ page }: Person): Promise<void> {
  // Colours that are on their way to others are judged when they are there.
  await page.evaluate(() => {
    const ending = document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY);
    return Promise.all(ending.map((animation) => animation.finished.catch(() => undefined)));
  });
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const runner = (window as unknown as { axe: { run(options: unknown): Promise<AxeResults> } }).axe;
    const results = await runner.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] });
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  });
  expect(violations).toEqual([]);
}

/** Nothing sticks out to the right. */
export async function expectNoSidewaysScroll({ page }: Person): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
}
