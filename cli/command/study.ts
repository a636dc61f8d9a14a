import { resolve } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { UnknownNameError } from '../../core/errors.ts';
import { hashOf } from '../../evaluation/canonical.ts';
import { studies } from '../../evaluation/studies/index.ts';
import type { StudyResult } from '../../evaluation/studies/study.ts';
import { integer } from '../arguments.ts';
import { backendOption } from '../backend-option.ts';
import { executorOption, openExecutor, ownWorkshop, redisOption } from '../executor-option.ts';
import { interruption } from '../exit.ts';
import { note, print, printJson } from '../output.ts';
import { carryOut } from '../study-folder.ts';

/** `faultline study`: one of the systems of this testbed against its own baselines. */
export function studyCommand(): Command {
  const names = Object.keys(studies);
  return new Command('study')
    .description('run one of the studies: a method, its baselines, and what of its claims holds')
    .argument('<name>', names.join(', '))
    .requiredOption('--out <dir>', 'folder to write result.json, report.html and all that they rest on to')
    .addOption(new Option('--quick', 'a faithful small version, in minutes, on the models that ship').conflicts('full'))
    .addOption(new Option('--full', 'the whole study; the default').conflicts('quick'))
    .option('--dataset <name>', '`builtin`, or the path of a CityLearn dataset folder', 'builtin')
    .option('--seeds <n>', 'seeds of each training; at least 5 give intervals', integer('--seeds', 1, 1000))
    .option(
      '--only <names>',
      'parts of the study, comma-separated, in place of all: its victims, or what its page in docs/ calls its parts',
      (text) => text.split(','),
    )
    .option('--workers <n>', 'trainings, or threads of an evaluation, at a time', integer('--workers', 1, 256), 1)
    .addOption(executorOption())
    .addOption(redisOption())
    .addOption(backendOption())
    .option('--json', 'print result.json')
    .addHelpText(
      'after',
      `
What an interrupted study finished is kept: the same command goes on from there, and one with other parts or more seeds adds to it.

Examples:
  faultline study bifurcation --quick --workers 2 --out runs/bifurcation-quick
  faultline study bifurcation --dataset ../shared/datasets/citylearn_challenge_2022_phase_2 --workers 2 --out runs/bifurcation
  faultline study bifurcation --only ppo20,ppo20-atla --seeds 3 --out runs/hardened
  faultline study scaling-law --full --workers 2 --out runs/scaling-law
  faultline study grid-impact --quick --workers 2 --out runs/grid-impact
  faultline study amu --quick --workers 2 --out runs/amu-quick
  faultline study amu --executor redis --redis redis://queue:6379 --workers 8 --out runs/amu   # its cells by workers elsewhere
  faultline study dhkd --quick --only modes --out runs/dhkd-modes`,
    )
    .action(async (name, given) => {
      using interrupted = interruption();
      const { signal } = interrupted;
      if (!Object.hasOwn(studies, name)) throw new UnknownNameError('study', name, names);
      const study = studies[name as keyof typeof studies];
      const quick = given.quick === true;
      const seeds = given.seeds ?? study.seeds[quick ? 'quick' : 'full'];
      const setup = ownWorkshop({ controllers: 'none', telemetry: true });
      const batch = (): string => hashOf({ name, out: resolve(given.out) }).slice(0, 32);
      await using executor = given.executor === 'local' ? undefined : await openExecutor(given, setup, batch);
      const result = await carryOut(name, study, { ...given, quick, seeds, signal, executor });
      if (given.json) printJson(result);
      else print(verdictText(result));
      note(`wrote ${given.out}`);
    }) as unknown as Command;
}

/** The verdict, a claim a line, with its evidence below. */
function verdictText({ claims }: StudyResult): string {
  const mark = (holds: boolean | null): string =>
    holds === null ? 'undecided    ' : holds ? 'holds        ' : 'does NOT hold';
  return claims.map(({ claim, holds, evidence }) => `${mark(holds)}  ${claim}\n               ${evidence}`).join('\n');
}
