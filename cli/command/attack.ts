import { join } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { CancelledError, ConfigError } from '../../core/errors.ts';
import { csvText } from '../../core/csv.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { observationRows, openLoopVictim } from '../../evaluation/attack-batch.ts';
import type { BatchResult } from '../../evaluation/attack-batch.ts';
import { attackBackend, attackOnTensors } from '../../evaluation/attack-on-tensors.ts';
import { isApart } from '../../evaluation/recorded-attack.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { installation } from '../../server/installation.ts';
import { provenance } from '../../server/provenance.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import { integer, json } from '../arguments.ts';
import { attackRows } from '../attack-threads.ts';
import { interruption } from '../exit.ts';
import { readNumbers, writeFile } from '../files.ts';
import { note, printJson, progress } from '../output.ts';

/** `faultline attack`: an attack on recorded observations, open loop. */
export function attackCommand(): Command {
  return new Command('attack')
    .description('perturb a fixed batch of observations')
    .requiredOption('--policy <name>', 'a shipped model or a policy folder')
    .requiredOption('--observations <file>', 'CSV (.gz too) with a column per feature, normalised, one row a step')
    .requiredOption('--attack <name>', 'see `faultline list attacks`')
    .option('--config <json>', 'options of the attack', '{}')
    .option('--threat <json>', 'threat set: preset or epsilon, overrides, mask, units; default: the attack’s own')
    .option('--seed <n>', 'seed', integer('--seed', 0, Number.MAX_SAFE_INTEGER), 0)
    .option(
      '--workers <n>',
      'threads to share the rows among, where they are worth it',
      integer('--workers', 1, 256),
      1,
    )
    .addOption(
      new Option(
        '--backend <name>',
        'kernel, a tensor backend, or auto: a GPU where there is one and it is faster for so many rows',
      )
        .env('FAULTLINE_BACKEND')
        .default('auto'),
    )
    .requiredOption('--out <dir>', 'folder to write adversarial.csv and result.json to')
    .option('--json', 'print result.json')
    .addHelpText(
      'after',
      `\nExamples:\n  faultline simulate --profile v2.0 --normalisation fixed --observations --steps 500 --buildings Building_1 --out runs/zero\n  faultline attack --policy ppo20-builtin --observations runs/zero/observations.csv --attack bifurcation --threat '{"preset":"stealth-rescale"}' --out runs/batch\n  faultline attack --policy ppo20-builtin --observations year.csv --attack pgd --backend webgpu --out runs/gpu`,
    )
    .action(async (options) => {
      using interrupted = interruption();
      const { signal } = interrupted;
      const scenario = scenarioFrom(
        {
          seed: options.seed,
          victim: { policy: options.policy },
          attacks: [
            {
              name: options.attack,
              config: json('--config', options.config),
              ...(options.threat === undefined ? {} : { threat: json('--threat', options.threat) }),
            },
          ],
        },
        'options',
        schema,
      );
      const { modelsDir } = installation();
      // A controller at an address is found, to be refused for what it is; nothing is asked of it.
      const workspace = fileWorkspace({ roots: null, modelsDir, controllers: 'any' });
      const source = await workspace.victim(options.policy);
      openLoopVictim(source); // a rule is refused before anything is read
      const { head, columns } = readNumbers(options.observations);
      const features = source.features;
      const x = observationRows(options.observations, head, columns, features);
      const rows = x.length / features.length;
      const [spec] = scenario.attacks;
      const started = performance.now();
      const apart = isApart(spec!, features);
      if (!apart && options.backend !== 'auto' && options.backend !== 'kernel')
        throw new ConfigError(
          `attack '${options.attack}' with these options takes rows in the order of time, or learns from them first: that is done on the kernel, not on '${options.backend}'`,
        );
      using backend = apart ? await attackBackend(options.backend, source, rows) : undefined;
      let preparing: ReturnType<typeof progress> | undefined;
      let bar: ReturnType<typeof progress> | undefined;
      const onProgress = (done: number): void => {
        preparing?.stop();
        preparing = undefined;
        bar ??= progress(rows, 'attack', 'rows');
        bar.update(done);
      };
      if (backend !== undefined) note(`on ${backend.name}: ${backend.device}`);
      const running =
        backend === undefined
          ? attackRows(
              x,
              source,
              { policy: options.policy, modelsDir, attack: spec!, seed: options.seed },
              {
                workers: options.workers,
                signal,
                workspace,
                onProgress,
                onPreparing(done) {
                  preparing ??= progress(100, 'prepare', '%');
                  preparing.update(100 * done, options.attack);
                },
              },
            )
          : onBackend(attackOnTensors(x, source, spec!, options.seed, backend), signal, onProgress);
      const result = await running.finally(() => {
        preparing?.stop();
        bar?.stop();
      });
      const { adversarial, ...figures } = result;
      const summary = {
        format: 'faultline-attack',
        version: 1,
        policy: options.policy,
        policyHash: source.hash,
        attack: spec,
        seed: options.seed,
        rows,
        engine: backend === undefined ? { name: 'kernel' } : { name: backend.name, device: backend.device },
        ...figures,
        ...provenance(),
        seconds: (performance.now() - started) / 1000,
      };
      writeFile(
        join(options.out, 'adversarial.csv'),
        csvText(
          features.map((feature) => feature.name),
          rows,
          (row, column) => adversarial[row * features.length + column]!,
        ),
      );
      writeFile(join(options.out, 'result.json'), `${JSON.stringify(summary, null, 2)}\n`);
      note(
        `wrote ${options.out}: ${rows} rows, success ${result.success.rate?.toFixed(3) ?? '-'}, mean action change ${result.success.meanAbsoluteActionChange.toFixed(3)}`,
      );
      if (options.json) printJson(summary);
    }) as unknown as Command;
}

/** Runs an attack to its end, chunk by chunk, unless it is cancelled between two. */
async function onBackend(
  attack: AsyncGenerator<number, BatchResult, void>,
  signal: AbortSignal,
  onProgress: (rows: number) => void,
): Promise<BatchResult> {
  for (;;) {
    const next = await attack.next();
    if (next.done === true) return next.value;
    onProgress(next.value);
    if (!signal.aborted) continue;
    await attack.return(undefined as never); // frees what it holds on the device
    throw new CancelledError('interrupted; nothing was written');
  }
}
