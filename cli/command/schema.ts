import { Command } from '@commander-js/extra-typings';
import { z } from 'zod';
import { schema } from '../../evaluation/vocabulary.ts';
import { printJson } from '../output.ts';

/** `faultline schema`: for editors (`# yaml-language-server: $schema=…`) and generated forms. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON schema of a scenario')
    .addHelpText('after', '\nExample:\n  faultline schema > scenario.schema.json')
    .action(() => printJson(z.toJSONSchema(schema, { io: 'input' }))) as unknown as Command;
}
