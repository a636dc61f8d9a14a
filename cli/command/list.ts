import { Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { UnknownNameError } from '../../core/errors.ts';
import { catalogue } from '../../evaluation/vocabulary.ts';
import { installation } from '../../server/installation.ts';
import { modelNames } from '../../server/workspace.ts';
import { print, printJson, table } from '../output.ts';

/** `faultline list KIND`: what can be named in a scenario. */
export function listCommand(): Command {
  return new Command('list')
    .description('list what a scenario can name')
    .argument('[kind]', `${[...Object.keys(catalogue), 'policies'].join(', ')}; all when left out`)
    .option('--json', 'print JSON, with the schema of every option')
    .addHelpText('after', '\nExamples:\n  faultline list attacks\n  faultline list presets --json')
    .action((kind, options) => {
      const lists: Record<string, readonly { name: string; title: string; config?: unknown }[]> = {};
      for (const [name, entries] of Object.entries(catalogue)) {
        lists[name] = entries.map(({ name, title, config }) => ({
          name,
          title,
          ...(config === undefined ? {} : { config: z.toJSONSchema(config, { io: 'input' }) }),
        }));
      }
      lists['policies'] = modelNames(installation().modelsDir).map(({ name, title }) => ({ name, title }));
      if (kind !== undefined && lists[kind] === undefined) throw new UnknownNameError('kind', kind, Object.keys(lists));
      const chosen = kind === undefined ? Object.keys(lists) : [kind];
      if (options.json) {
        printJson(kind === undefined ? lists : lists[kind]);
        return;
      }
      for (const name of chosen) {
        if (kind === undefined) print(`${name}:`);
        print(
          table(
            [['NAME', 'WHAT'], ...lists[name]!.map((entry) => [entry.name, entry.title])].map((row) =>
              kind === undefined ? ['  ' + row[0]!, row[1]!] : row,
            ),
          ),
        );
        if (kind === undefined) print('');
      }
    }) as unknown as Command;
}
