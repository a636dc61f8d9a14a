import { expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { softwareVulkan } from '../../support/software-vulkan.ts';
import { runSuite } from './run-suite.ts';

const vulkan = softwareVulkan();
const tolerance = 2e-5;

// Slow hardware that everyone has: it shows that the path through Dawn computes rightly, nothing about its speed.
it('WebGPU on software Vulkan: forward, gradient and an Adam step as on the CPU', async (context: TestContext) => {
  if ('missing' in vulkan) context.skip(vulkan.missing);
  const report = await runSuite(['webgpu', 'software', 'essential'], vulkan.env);
  if ('refused' in report) throw new Error(report.refused);
  expect(report.device).toMatch(/^software \(WebGPU, .+\)$/);
  expect(report.cases.length).toBeGreaterThan(4);
  for (const { name, forward, gradient } of report.cases) {
    expect(forward, name).toBeLessThan(tolerance);
    expect(gradient, name).toBeLessThan(tolerance);
  }
  expect(report.adam.loss).toBeLessThan(tolerance);
  expect(report.adam.parameters).toBeLessThan(tolerance);
  // Several programs a case: the device computed, not the backend that it can hand small tensors to.
  expect(report.programs).toBeGreaterThan(10 * report.cases.length);
  expect(report.aboveLimit).toMatch(
    /^BackendError: the WebGPU device has failed, its numbers are void: .*max buffer size/,
  );
}, 120_000);

it('WebGPU on software Vulkan is not taken for a GPU', async (context: TestContext) => {
  if ('missing' in vulkan) context.skip(vulkan.missing);
  const report = await runSuite(['webgpu', 'essential'], vulkan.env);
  expect(report).toEqual({ refused: expect.stringContaining('the only adapter is software') as string });
}, 60_000);
