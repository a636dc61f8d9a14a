import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { softwareVulkan } from '../../support/software-vulkan.ts';
import type { WebgpuReport } from './webgpu-child.ts';

const vulkan = softwareVulkan();

it('on WebGPU every function has the values and the gradient of its reference', async (context: TestContext) => {
  if ('missing' in vulkan) context.skip(vulkan.missing);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'webgpu-child.ts')],
    { env: { ...process.env, ...vulkan.env }, timeout: 230_000 },
  );
  const { device, cases } = JSON.parse(stdout) as WebgpuReport;
  expect(device).toMatch(/WebGPU/);
  expect(cases.length).toBeGreaterThan(30);
  for (const { name, forward, gradient } of cases) {
    expect(forward, name).toBeLessThan(1e-5);
    expect(gradient, name).toBeLessThan(1e-4);
  }
}, 240_000);
