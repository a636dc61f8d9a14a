import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { ConfigError } from '../../core/errors.ts';
import { csvText } from '../../core/csv.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { observationRows, openLoopVictim } from '../../evaluation/attack-batch.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { installation } from '../../server/installation.ts';
import { provenance } from '../../server/provenance.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import { integer } from '../arguments.ts';
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
    .option('--threat <json>', 'threat set: preset or epsilon, overrides, mask, units', '{}')
    .option('--seed <n>', 'seed', integer('--seed', 0, Number.MAX_SAFE_INTEGER), 0)
    .option(
      '--workers <n>',
      'threads to share the rows among, where they are worth it',
      integer('--workers', 1, 256),
      1,
    )
    .requiredOption('--out <dir>', 'folder to write adversarial.csv and result.json to')
    .option('--json', 'print result.json')
    .addHelpText(
      'after',
      `\nExamples:\n  faultline simulate --observations --steps 500 --buildings Building_1 --actions zero --out runs/zero\n  faultline attack --policy ppo20-builtin --observations runs/zero/observations.csv --attack bifurcation --threat '{"preset":"stealth-rescale"}' --out runs/batch`,
    )
    .action(async (options) => {
      const signal = interruption();
      const scenario = scenarioFrom(
        {
          seed: options.seed,
          victim: { policy: options.policy },
          attacks: [
            {
              name: options.attack,
              config: json('--config', options.config),
              threat: json('--threat', options.threat),
            },
          ],
        },
        'options',
        schema,
      );
      const { modelsDir } = installation();
      const source = await fileWorkspace({ roots: null, modelsDir }).victim(options.policy);
      openLoopVictim(source); // a rule is refused before anything is read
      const { head, columns } = readNumbers(options.observations);
      const features = source.features;
      const x = observationRows(options.observations, head, columns, features);
      const rows = x.length / features.length;
      const [spec] = scenario.attacks;
      const started = performance.now();
      const bar = progress(rows, 'attack', 'rows');
      const result = await attackRows(
        x,
        source,
        { policy: options.policy, modelsDir, attack: spec!, seed: options.seed },
        { workers: options.workers, signal, onProgress: (done) => bar.update(done) },
      ).finally(() => bar.stop());
      const { adversarial, ...figures } = result;
      const summary = {
        format: 'faultline-attack',
        version: 1,
        policy: options.policy,
        policyHash: source.hash,
        attack: spec,
        seed: options.seed,
        rows,
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

function json(option: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${option} is not JSON: ${text.slice(0, 60)}`, { cause });
  }
}
