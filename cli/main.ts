import { Command, CommanderError } from '@commander-js/extra-typings';
import { describe, exitCodeOf } from './exit.ts';
import { note } from './output.ts';
import { version } from '../server/installation.ts';

/** Each command is loaded only when it is called: `--help` must not wait for the simulator. */
const commands: Record<string, () => Promise<Command>> = {
  simulate: async () => (await import('./command/simulate.ts')).simulateCommand(),
  train: async () => (await import('./command/train.ts')).trainCommand(),
  import: async () => (await import('./command/import.ts')).importCommand(),
  export: async () => (await import('./command/export.ts')).exportCommand(),
  attack: async () => (await import('./command/attack.ts')).attackCommand(),
  evaluate: async () => (await import('./command/evaluate.ts')).evaluateCommand(),
  sweep: async () => (await import('./command/sweep.ts')).sweepCommand(),
  worker: async () => (await import('./command/worker.ts')).workerCommand(),
  certify: async () => (await import('./command/certify.ts')).certifyCommand(),
  foretell: async () => (await import('./command/foretell.ts')).foretellCommand(),
  powerflow: async () => (await import('./command/powerflow.ts')).powerflowCommand(),
  cascade: async () => (await import('./command/cascade.ts')).cascadeCommand(),
  frequency: async () => (await import('./command/frequency.ts')).frequencyCommand(),
  estimate: async () => (await import('./command/estimate.ts')).estimateCommand(),
  study: async () => (await import('./command/study.ts')).studyCommand(),
  data: async () => (await import('./command/data.ts')).dataCommand(),
  report: async () => (await import('./command/report.ts')).reportCommand(),
  replay: async () => (await import('./command/replay.ts')).replayCommand(),
  merge: async () => (await import('./command/merge.ts')).mergeCommand(),
  serve: async () => (await import('./command/serve.ts')).serveCommand(),
  list: async () => (await import('./command/list.ts')).listCommand(),
  doctor: async () => (await import('./command/doctor.ts')).doctorCommand(),
  schema: async () => (await import('./command/schema.ts')).schemaCommand(),
};

const summaries: Record<string, string> = {
  simulate: 'run the district simulator on given actions and write its series and KPIs',
  train: 'train a controller and write its policy',
  import: 'read a controller of another library as a policy',
  export: 'write a policy as ONNX or as a PyTorch state dict',
  attack: 'perturb a fixed batch of observations',
  evaluate: 'closed-loop evaluation of a controller under a panel of attacks',
  sweep: 'evaluate every combination of a scenario’s values and seeds, here or on many machines',
  worker: 'do jobs that wait in a Redis, on this machine',
  certify: 'bound the damage that any attack can do to a controller over some hours',
  foretell: 'foretell, from one gradient a row, how many decisions a small attack changes',
  powerflow: 'solve the power flow of a network',
  cascade: 'let overloads and relays act on a network until nothing more happens',
  frequency: 'run what a sudden change of load does to the frequency of a system',
  estimate: 'estimate the state of a network from its meters, and look for bad and for false data',
  study: 'run one of the studies: a method, its baselines, and what of its claims holds',
  data: 'write a district as a CityLearn dataset folder',
  report: 'report on an evaluation that was written before, and judge it by gates',
  replay: 'run a recorded evaluation again and compare it with the record, bit by bit',
  merge: 'put the parts of a sharded evaluation or sweep together',
  serve: 'start the server and the web console',
  list: 'list what a scenario can name',
  doctor: 'say what this machine has and what runs on it',
  schema: 'print the JSON schema of a scenario',
};

/** Runs the command line and sets the exit code: 0 ok, 1 gate failed, 2 usage, 3 runtime, 130 interrupted. */
export async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('faultline')
    .description('A testbed for the adversarial robustness of deep-RL controllers in power grids')
    .version(version())
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText(
      'after',
      '\nData goes to stdout, progress and logs to stderr. Exit codes: 0 ok, 1 gate failed, 2 usage, 3 runtime, 130 interrupted.\nExamples:\n  faultline serve --demo\n  faultline evaluate examples/bifurcation.yaml --out runs/first',
    );
  const name = argv[2];
  for (const [command, load] of Object.entries(commands)) {
    program.addCommand(
      command === name
        ? ((await load()) as Command).exitOverride()
        : new Command(command).description(summaries[command]!).allowUnknownOption(),
    );
  }
  try {
    await program.parseAsync(argv as string[]);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    note(describe(error));
    process.exitCode = exitCodeOf(error);
  }
}
