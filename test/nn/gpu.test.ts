import { expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { runSuite } from './backend/run-suite.ts';

const tolerance = 1e-4; // GPUs contract multiply-adds and have an exp and a tanh of their own

/** On a machine with a GPU these run the whole tensor suite on it; elsewhere they say why they do not. */
it.for(['webgpu', 'tfjs-node-gpu'])(
  '%s on a hardware adapter gives what the CPU gives',
  { timeout: 330_000 },
  async (name, context: TestContext) => {
    const report = await runSuite([name], {}, 300_000);
    if ('refused' in report) context.skip(report.refused);
    expect(report.device).toMatch(/^GPU/);
    for (const { name, forward, gradient } of report.cases) {
      expect(forward, name).toBeLessThan(tolerance);
      expect(gradient, name).toBeLessThan(tolerance);
    }
    expect(report.adam.loss).toBeLessThan(tolerance);
    expect(report.adam.parameters).toBeLessThan(tolerance);
    if (name === 'webgpu') expect(report.programs).toBeGreaterThan(10 * report.cases.length);
  },
);
