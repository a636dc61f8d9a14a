import { setImmediate } from 'node:timers/promises';
import { Command, Option } from '@commander-js/extra-typings';
import { damages } from '../../attacks/plan/damage.ts';
import type { DamageName } from '../../attacks/plan/damage.ts';
import { CancelledError } from '../../core/errors.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { certify } from '../../evaluation/certify.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { installation } from '../../server/installation.ts';
import { provenance } from '../../server/provenance.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import { integer, json } from '../arguments.ts';
import { interruption } from '../exit.ts';
import { printJson, progress } from '../output.ts';
import type { Progress } from '../output.ts';

/** `faultline certify`: the damage of some hours from both sides, an attack and a bound that no attack exceeds. */
export function certifyCommand(): Command {
  return new Command('certify')
    .description('bound the damage that any attack can do to a controller over some hours')
    .requiredOption('--policy <name>', 'a shipped model or a policy folder')
    .option('--dataset <name>', '`builtin`, or the path of a CityLearn dataset folder', 'builtin')
    .option('--building <name>', 'a building of the dataset', 'Building_1')
    .option('--profile <name>', 'whose semantics; v2.0 to v2.3', 'v2.0')
    .option('--normalisation <name>', 'observation limits', 'fixed')
    .option('--from <step>', 'first step; until then the controller is left alone', integer('--from', 0, 1e9), 0)
    .option('--horizon <n>', 'steps', integer('--horizon', 1, 168), 24)
    .addOption(
      new Option('--damage <name>', 'what is bounded')
        .choices(Object.keys(damages) as DamageName[])
        .default('consumption' as DamageName),
    )
    .option('--threat <json>', 'threat set: preset or epsilon, overrides, mask, units', '{}')
    .option(
      '--modules <json>',
      'modules around the policy, as a scenario has them; they have to leave one network',
      '[]',
    )
    .option('--budget <k>', 'steps that may be attacked; default: all', integer('--budget', 1, 168))
    .addOption(
      new Option('--method <name>', 'of the certificate; interval is faster and looser')
        .choices(['crown', 'interval'] as const)
        .default('crown' as const),
    )
    .option('--cells <n>', 'cells of charge; more are tighter and slower', integer('--cells', 2, 2000), 100)
    .option('--seed <n>', 'seed', integer('--seed', 0, Number.MAX_SAFE_INTEGER), 0)
    .addHelpText(
      'after',
      `\nExamples:\n  faultline certify --policy sac-builtin --from 4000 --threat '{"preset":"stealth-rescale"}'\n  faultline certify --policy ppo20-builtin --from 4000 --damage ramping --threat '{"epsilon":0.002}' --budget 6`,
    )
    .action(async (options) => {
      using interrupted = interruption();
      const { signal } = interrupted;
      const { damage, horizon, budget, from, method } = options;
      const planned = { name: 'planned', threat: json('--threat', options.threat) };
      const scenario = scenarioFrom(
        {
          seed: options.seed,
          district: {
            dataset: options.dataset,
            buildings: [options.building],
            profile: options.profile,
            normalisation: options.normalisation,
          },
          victim: { policy: options.policy },
          ...(options.modules === '[]' ? {} : { modules: json('--modules', options.modules) }),
          attacks: [planned],
        },
        'options',
        schema,
      );
      // Ramping has to know the hour before more exactly than what is observed of it; certificates are for 1/20 of the charge and 1 kWh.
      const net = damages[damage].looksBack ? 0.25 : 1;
      const cells = { soc: options.cells, net, certified: { soc: Math.ceil(options.cells / 20), net: 1 / net } };
      const { modelsDir } = installation();
      const started = performance.now();
      const heard = async (): Promise<void> => {
        await setImmediate(); // or an interrupt would not be heard
        if (signal.aborted) throw new CancelledError('interrupted');
      };
      let preparing: Progress | undefined;
      let bar: Progress | undefined;
      const work = certify(
        { scenario, from, horizon, damage, budget, method, cells },
        fileWorkspace({ roots: null, modelsDir }),
        async ({ attack: module, done }) => {
          preparing ??= progress(100, 'prepare', '%');
          preparing.update(100 * done, module);
          await heard();
        },
      );
      try {
        for (;;) {
          const { done, value } = await work.next();
          preparing?.stop();
          preparing = undefined;
          if (done === true) {
            bar?.stop();
            printJson({
              format: 'faultline-certificate',
              version: 1,
              policy: options.policy,
              district: scenario.district,
              ...(scenario.modules === undefined ? {} : { modules: scenario.modules }),
              threat: scenario.attacks[0]!.threat,
              damage,
              from,
              horizon,
              budget: budget ?? null,
              method,
              cells,
              ...value,
              ...provenance(),
              seconds: (performance.now() - started) / 1000,
            });
            return;
          }
          bar ??= progress(100, 'certify', '%');
          bar.update(100 * value);
          await heard();
        }
      } finally {
        preparing?.stop();
        bar?.stop();
      }
    }) as unknown as Command;
}
