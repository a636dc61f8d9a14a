import { existsSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { diagnose } from '../../evaluation/diagnose.ts';
import type { Diagnosis } from '../../evaluation/diagnose.ts';
import { installation, version } from '../../server/installation.ts';
import { modelNames } from '../../server/workspace.ts';
import { backendOption } from '../backend-option.ts';
import { print, printJson, table } from '../output.ts';

/** `faultline doctor`: what this machine has, which backend computes, and why the others were refused. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('say what this machine has and what runs on it')
    .addOption(backendOption())
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  faultline doctor\n  FAULTLINE_BACKEND=wasm faultline doctor --json')
    .action(async (options) => {
      const { modelsDir, consoleDir } = installation();
      const { backend, kernel, crossover } = await diagnose(options.backend, () => performance.now());
      const report = {
        faultline: version(),
        node: process.version.slice(1),
        platform: `${process.platform} ${process.arch}`,
        cpus: cpus().length,
        cpu: cpus()[0]?.model ?? 'unknown',
        memoryGiB: Math.round(totalmem() / 2 ** 30),
        backend,
        kernel,
        crossover,
        models: modelNames(modelsDir).map((model) => model.name),
        consoleBuilt: existsSync(join(consoleDir, 'index.html')),
        chromium:
          ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
            existsSync(path),
          ) ?? null,
      };
      if (options.json) {
        printJson(report);
        return;
      }
      print(
        table([
          ['WHAT', 'FOUND'],
          ['faultline', report.faultline],
          ['node', `${report.node} on ${report.platform}, ${report.cpus} × ${report.cpu}, ${report.memoryGiB} GiB`],
          ['tensor backend', `${backend.name} (${backend.device})`],
          ...backend.candidates.map((probe) => [`  ${probe.name}`, outcome(probe)]),
          [
            'MLP kernel',
            `${kernel.engine}: gradient of 31-256-256-20 at batch 1 in ${kernel.gradientMs.toFixed(3)} ms`,
          ],
          ['tensors or kernel', turn(backend.name, crossover)],
          ['shipped models', report.models.join(', ') || 'none'],
          ['console', report.consoleBuilt ? 'built' : 'not built (npm run build:console)'],
          ['chromium', report.chromium ?? 'not found: the browser test cannot run'],
        ]),
      );
    }) as unknown as Command;
}

/** `usable: GPU (WebGPU, …), tensors up to 1024 MiB; no spectral (FFT missing)` or `refused: not installed (webgpu)`. */
function outcome(probe: Diagnosis['backend']['candidates'][number]): string {
  if (!probe.usable) return `refused: ${probe.reason}`;
  const limit = probe.maxTensorBytes === undefined ? '' : `, tensors up to ${probe.maxTensorBytes / 2 ** 20} MiB`;
  const gaps = probe.gaps.map(({ kind, missing }) => `${kind} (${missing.join(', ')} missing)`).join('; ');
  return `usable: ${probe.device}${limit}${gaps === '' ? '' : `; no ${gaps}`}`;
}

/** `wasm is faster from 2048 rows on (at 4096: 12.0 ms, kernel 31.0 ms)`. */
function turn(name: string, { crossover, points }: Diagnosis['crossover']): string {
  const largest = points.at(-1)!;
  const figures = `at ${largest.rows} rows: ${largest.tensorMs.toFixed(1)} ms, kernel ${largest.kernelMs.toFixed(1)} ms`;
  return crossover === null
    ? `the kernel is faster than ${name} at every batch (${figures})`
    : `${name} is faster from ${crossover} rows on (${figures})`;
}
