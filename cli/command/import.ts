import { basename, dirname, join, resolve } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { headKinds, importActivations, importFormats, importPolicy } from '../../evaluation/import-policy.ts';
import type { Equivalence } from '../../evaluation/import-policy.ts';
import { provenance } from '../../server/provenance.ts';
import { number, numbers } from '../arguments.ts';
import { writeFile } from '../files.ts';
import { readCheck } from '../import-check.ts';
import { fileBytes, importSource, sha256OfFile } from '../import-source.ts';
import { importTarget } from '../import-target.ts';
import { note, print, printJson } from '../output.ts';

/** `faultline import`: anyone's controller as a policy of ours. Nothing in the file is run. */
export function importCommand(): Command {
  return new Command('import')
    .description('read a controller of another library as a policy')
    .argument('<policy>', 'the file, or a folder that holds one under a known name')
    .requiredOption('--out <dir>', 'folder to write policy.json, policy.safetensors and card.json to')
    .addOption(
      new Option('--format <name>', 'what the file is; found out when absent').choices(
        importFormats.map(({ name }) => name),
      ),
    )
    .option('--name <name>', 'name of the policy; default: the file’s')
    .option('--title <text>', 'one line for lists')
    .option('--vecnormalize <file>', 'statistics that VecNormalize.save wrote (.pkl)')
    .option(
      '--features <file>',
      'JSON of what the environment observes and does: {observation: [{name, unit, low, high}…], action: […]}',
    )
    .option('--like <policy>', 'the features and actions of a shipped model or another policy folder')
    .option('--district <name>', 'the features and actions of a building: builtin, or a dataset folder')
    .option('--building <name>', 'of the district; default: Building_1')
    .option(
      '--normalisation <name>',
      'how the environment normalises; default: that of --like or --district, else fixed',
    )
    .addOption(
      new Option(
        '--reads <units>',
        'what the policy was trained on: features from 0 to 1 as they are, or physical values',
      )
        .choices(['normalised', 'physical'] as const)
        .default('normalised' as const),
    )
    .addOption(
      new Option('--activation <name>', 'of the hidden layers, where the file does not say').choices(importActivations),
    )
    .addOption(new Option('--head <kind>', 'what the outputs mean, where the file does not say').choices(headKinds))
    .option('--low <numbers>', 'lower bounds of the actions, comma-separated', numbers('--low'))
    .option('--high <numbers>', 'upper bounds of the actions', numbers('--high'))
    .option('--values <numbers>', 'physical action of each choice', numbers('--values'))
    .option('--log-std <number>', 'log σ where a head needs one and the source has means only', number('--log-std'))
    .option('--net <prefix>', 'which network of the file: pi, actor, q …')
    .option('--check <file>', 'CSV or JSON of observations, with the source’s outputs or actions where you have them')
    .option('--tolerance <number>', 'largest difference that passes the check', number('--tolerance'), 1e-5)
    .option('--json', 'print the card')
    .addHelpText(
      'after',
      `\nFormats:\n${importFormats
        .map(({ name, title }) => `  ${name.padEnd(12)} ${title}`)
        .join(
          '\n',
        )}\n\nExamples:\n  faultline import ppo.zip --vecnormalize vec.pkl --out policies/ppo --district builtin --check recorded.json\n  faultline import sac.zip --out policies/sac --like sac-builtin\n  faultline import actor.pth --activation relu --head squashed-gaussian --low -1 --high 1 --net actor --out policies/td3\n  faultline attack --policy policies/sac --observations observations.csv --attack pgd --out runs/attack`,
    )
    .action(async (path, options) => {
      const source = importSource(path);
      const name = options.name ?? nameOf(source.name);
      const { reads, activation, head, low, high, values, logStd, net } = options;
      const result = importPolicy({
        source,
        format: options.format,
        name,
        reads,
        ...(options.vecnormalize === undefined
          ? {}
          : { statistics: { name: options.vecnormalize, bytes: fileBytes(options.vecnormalize) } }),
        options: { activation, head, low, high, values, logStd, net },
        target: await importTarget(options),
      });
      const { files, format, origin, notes } = result;
      const check = options.check === undefined ? null : result.check(readCheck(options.check, result.observation));
      const passed = check === null || check.maximumDifference <= options.tolerance;
      const card = {
        format: 'faultline-card',
        name,
        title: options.title ?? `${origin}, imported`,
        algorithm: 'import',
        source: { file: basename(source.name), sha256: sha256OfFile(source.name), format, origin },
        notes,
        check: check === null ? null : { ...check, tolerance: options.tolerance, passed },
        ...provenance(),
      };
      for (const sentence of notes) note(`note: ${sentence}`);
      if (check !== null) note(verdict(check, options.tolerance, passed));
      if (passed) {
        writeFile(join(options.out, 'policy.json'), files.card);
        writeFile(join(options.out, 'policy.safetensors'), files.weights);
        writeFile(join(options.out, 'card.json'), `${JSON.stringify(card, null, 2)}\n`);
      } else process.exitCode = 1;
      if (options.json) printJson(card);
      else if (passed) print(`wrote ${options.out}: ${origin}, ${result.layers.join('-')}, ${result.head}`);
    }) as unknown as Command;
}

/** The file's own name; that of its folder where the file is called as such files are. */
function nameOf(file: string): string {
  const own = basename(file).replace(/\.\w+$/, '');
  return ['policy', 'model', 'best_model'].includes(own) ? basename(dirname(resolve(file))) : own;
}

function verdict({ rows, against, maximumDifference, where }: Equivalence, tolerance: number, passed: boolean): string {
  const what = against
    .map((one) => (one === 'evaluation' ? 'a float64 evaluation of the source' : `the source’s ${one}`))
    .join(' and ');
  const figures = `${rows} rows against ${what}: largest difference ${maximumDifference.toExponential(2)}`;
  return passed
    ? `check: ${figures}`
    : `check failed: ${figures}, more than ${tolerance} (${where}); nothing was written`;
}
