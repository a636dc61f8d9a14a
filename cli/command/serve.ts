import { resolve } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { integer } from '../arguments.ts';
import { executorOption, redisOption, redisUrl } from '../executor-option.ts';
import { interruption } from '../exit.ts';
import { note, print } from '../output.ts';
import { demoScenario, installation } from '../../server/installation.ts';

/** `faultline serve`: the console and the API; `--demo` (npm start) launches the default attack at once. */
export function serveCommand(): Command {
  return new Command('serve')
    .description('start the server and the web console')
    .addOption(new Option('--host <host>', 'address to bind').default('127.0.0.1').env('FAULTLINE_HOST'))
    .addOption(
      new Option('--port <port>', 'port to bind; 0: any free one')
        .default(8787)
        .argParser(integer('--port', 0, 65_535))
        .env('FAULTLINE_PORT'),
    )
    .addOption(
      new Option('--store <dir>', 'folder of the run store').default('.faultline/store').env('FAULTLINE_STORE'),
    )
    .addOption(
      new Option('--token <token>', 'bearer token; needed when the address is not loopback').env('FAULTLINE_TOKEN'),
    )
    .option('--data <dir...>', 'folders under which datasets and policies may be named in scenarios', ['.', '..'])
    .addOption(
      new Option(
        '--allow-controllers <where>',
        'where scenarios may ask controllers over HTTP: on this machine, or anywhere',
      )
        .choices(['none', 'loopback', 'any'] as const)
        .default('none' as const),
    )
    .addOption(
      new Option(
        '--keep-days <days>',
        'remove runs that have been over for so many days, unless tagged or archived; default: never',
      ).argParser(integer('--keep-days', 1, 36_500)),
    )
    .addOption(
      executorOption('who does the runs of sweeps: threads of this server, or `faultline worker`s over a Redis'),
    )
    .addOption(redisOption())
    .option('--demo', 'launch the default scenario, a live bifurcation attack on the shipped policy')
    .addHelpText(
      'after',
      '\nExamples:\n  faultline serve\n  faultline serve --demo --port 9000\n  FAULTLINE_TOKEN=… faultline serve --host 0.0.0.0\n  faultline serve --executor redis --redis redis://queue:6379',
    )
    .action(async (options) => {
      using interrupted = interruption();
      const { signal } = interrupted;
      const { startServer } = await import('../../server/server.ts');
      const { consoleDir, modelsDir } = installation();
      const server = await startServer({
        host: options.host,
        port: options.port,
        // A relative one would be another, or none, when the working directory goes.
        store: resolve(options.store),
        ...(options.token === undefined ? {} : { token: options.token }),
        modelsDir,
        dataRoots: options.data,
        controllers: options.allowControllers,
        consoleDir,
        ...(options.executor === 'redis' && { redis: redisUrl(options.redis) }),
        ...(options.keepDays === undefined ? {} : { retentionDays: options.keepDays }),
      });
      print(`faultline is at ${server.url}`);
      if (options.demo) {
        const run = server.launch(demoScenario());
        note(`live: ${server.url}/runs/${run.id}`);
      }
      note('Ctrl-C stops it');
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      await server.close();
    }) as unknown as Command;
}
