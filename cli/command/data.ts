import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { ConfigError } from '../../core/errors.ts';
import { datasetFiles } from '../../evaluation/district.ts';
import { profileVerdicts, resolvedBuildings } from '../../evaluation/runnable-profiles.ts';
import type { FolderReader } from '../../sim/data/dataset.ts';
import { describeFolder } from '../../sim/data/describe.ts';
import { problemText } from '../../sim/data/describe-problem.ts';
import { profiles } from '../../sim/district/profile.ts';
import type { ProfileName } from '../../sim/district/profile.ts';
import { folderReader } from '../../server/folder-reader.ts';
import { installation } from '../../server/installation.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import { names } from '../arguments.ts';
import { describeText } from '../describe-text.ts';
import type { TextOptions } from '../describe-text.ts';
import { writeFile } from '../files.ts';
import { note, print, printJson } from '../output.ts';

/** `faultline data describe` and `export`: what a CityLearn folder holds; a district as one, which reads back to the same bits. */
export function dataCommand(): Command {
  const data = new Command('data')
    .exitOverride() // before its commands, which take it over: a wrong option of theirs exits with 2
    .description('work with datasets')
    .addHelpText(
      'after',
      '\nExample:\n  faultline data describe datasets/citylearn_challenge_2023_phase_1\n  faultline data export --out builtin-district\n  faultline simulate --dataset builtin-district --out runs/same',
    );
  data
    .command('describe')
    .description('say what a CityLearn folder holds, what is wrong with it and which profile it is for')
    .argument('<dir>', 'a CityLearn dataset folder, or `builtin`')
    .option('--json', 'everything as JSON')
    .addOption(
      new Option('--profile <name>', 'show devices as this profile resolves them; default: the suggested one').choices(
        Object.keys(profiles),
      ),
    )
    .addHelpText(
      'after',
      '\nProblems are listed one a line with file:line:column; exit code 3 when there is an error among them.\nExample:\n  faultline data describe builtin --profile v2.3',
    )
    .action(async (dir, options) => {
      const { reader, names } = dir === 'builtin' ? await builtinFolder() : diskFolder(dir);
      const { description, district } = await describeFolder(reader, names);
      const verdicts = profileVerdicts(description, district);
      const profile = (options.profile as ProfileName | undefined) ?? description.suggestion?.profile;
      const runs = verdicts.some((verdict) => verdict.profile === profile && verdict.runs === true);
      const resolved =
        district === null || profile === undefined || !runs
          ? null
          : { profile, buildings: resolvedBuildings(district, profile) };
      if (options.json === true) {
        const problems = description.problems.map((problem) => ({ ...problem, text: problemText(problem) }));
        printJson({ ...description, problems, profiles: verdicts, resolved });
      } else print(describeText({ description, verdicts, resolved }, terminal()));
      if (description.problems.some(({ severity }) => severity === 'error')) process.exitCode = 3;
    });
  data
    .command('export')
    .description('write a district as a CityLearn dataset folder')
    .option('--dataset <name>', '`builtin`, or a CityLearn dataset folder', 'builtin')
    .option('--buildings <a,b>', 'which buildings; default: all', names)
    .requiredOption('--out <dir>', 'folder to write to')
    .addHelpText('after', '\nExample:\n  faultline data export --out builtin-district')
    .action(async (options) => {
      const workspace = fileWorkspace({ roots: null, modelsDir: installation().modelsDir });
      const files = datasetFiles(await workspace.dataset(options.dataset, options.buildings ?? []));
      for (const [name, text] of files) writeFile(join(options.out, name), text);
      note(`wrote ${options.out}: ${[...files.keys()].join(', ')}`);
    });
  return data as unknown as Command;
}

interface NamedFolder {
  readonly reader: FolderReader;
  /** Of its files. */
  readonly names: readonly string[];
}

function diskFolder(dir: string): NamedFolder {
  if (!existsSync(dir) || !statSync(dir).isDirectory()) throw new ConfigError(`there is no folder '${dir}'`);
  const entries = readdirSync(dir, { withFileTypes: true });
  return { reader: folderReader(dir), names: entries.filter((entry) => entry.isFile()).map(({ name }) => name) };
}

/** The built-in district as the folder that `export` writes. */
async function builtinFolder(): Promise<NamedFolder> {
  const workspace = fileWorkspace({ roots: null, modelsDir: installation().modelsDir });
  const files = datasetFiles(await workspace.dataset('builtin', []));
  const bytes = new Map([...files].map(([name, text]) => [name, new TextEncoder().encode(text)]));
  return { reader: { label: 'builtin', read: (name) => Promise.resolve(bytes.get(name)) }, names: [...files.keys()] };
}

const codes = { bold: '1', dim: '2', red: '31', yellow: '33', green: '32' };

/** Colour on a terminal only, and lines as wide as it is, within reason. */
function terminal(): TextOptions {
  const { isTTY, columns } = process.stdout;
  const coloured = isTTY && process.env['NO_COLOR'] === undefined;
  return {
    width: Math.min(140, Math.max(100, (isTTY ? columns : undefined) ?? 100)),
    paint: (style, text) => (coloured ? `\u001B[${codes[style]}m${text}\u001B[0m` : text),
  };
}
