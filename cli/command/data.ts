import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { datasetFiles } from '../../evaluation/district.ts';
import { installation } from '../../server/installation.ts';
import { fileWorkspace } from '../../server/workspace.ts';
import { names } from '../arguments.ts';
import { writeFile } from '../files.ts';
import { note } from '../output.ts';

/** `faultline data export`: a district as a CityLearn folder, which reads back to the same bits. */
export function dataCommand(): Command {
  const data = new Command('data')
    .description('work with datasets')
    .addHelpText(
      'after',
      '\nExample:\n  faultline data export --out builtin-district\n  faultline simulate --dataset builtin-district --out runs/same',
    );
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
