import { Command, Option } from '@commander-js/extra-typings';
import { recordedPolicy } from '../../evaluation/recorded-policy.ts';
import { estimateRobustness } from '../../evaluation/robustness-estimate.ts';
import { installation } from '../../server/installation.ts';
import { provenance } from '../../server/provenance.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import { integer, numbers } from '../arguments.ts';
import { printJson } from '../output.ts';

/** `faultline foretell`: the error law of a controller, from one gradient a row, beside what attacks come to. */
export function foretellCommand(): Command {
  return new Command('foretell')
    .description('foretell, from one gradient a row, how many decisions a small attack changes')
    .requiredOption('--policy <name>', 'a shipped model or a policy folder')
    .option('--dataset <name>', '`builtin`, or the path of a CityLearn dataset folder', 'builtin')
    .option('--building <name>', 'a building of the dataset', 'Building_1')
    .option('--steps <n>', 'steps of a clean episode that are recorded', integer('--steps', 2, 1e6), 8759)
    .option('--stride <n>', 'every so many-th of them is looked at', integer('--stride', 1, 1000), 4)
    .option(
      '--epsilons <list>',
      'of every feature, in normalised units; default: where the law says 0.5 to 5 %',
      numbers('--epsilons'),
    )
    .addOption(
      new Option('--objective <name>', 'whose gradient gives the direction')
        .choices(['margin', 'cross-entropy'] as const)
        .default('margin' as const),
    )
    .option('--seed <n>', 'seed', integer('--seed', 0, Number.MAX_SAFE_INTEGER), 0)
    .addHelpText(
      'after',
      `\nExamples:\n  faultline foretell --policy ppo20-builtin\n  faultline foretell --policy sac-builtin --epsilons 0.0001,0.001`,
    )
    .action(async ({ policy: name, dataset, building, steps, stride, epsilons, objective, seed }) => {
      const { modelsDir } = installation();
      const started = performance.now();
      using policy = await recordedPolicy(name, building, steps, fileWorkspace({ roots: null, modelsDir }), dataset);
      const setting = { objective, stride, seed, ...(epsilons === undefined ? {} : { epsilons }) };
      printJson({
        format: 'faultline-foretelling',
        version: 1,
        policy: name,
        dataset,
        building,
        objective,
        ...(await estimateRobustness(policy, setting)),
        ...provenance(),
        seconds: (performance.now() - started) / 1000,
      });
    }) as unknown as Command;
}
