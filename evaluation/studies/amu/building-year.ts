import { scenarioFrom } from '../../../core/scenario.ts';
import type { Scenario } from '../../../core/scenario.ts';
import type { Feature } from '../../../core/space.ts';
import type { TelemetryFrame, TelemetrySchema } from '../../../core/telemetry.ts';
import { commandQueue } from '../../control.ts';
import type { Clock } from '../../control.ts';
import { runEvents } from '../../run.ts';
import { schema } from '../../vocabulary.ts';
import type { Workspace } from '../../workspace.ts';
import { column, shown } from '../bifurcation/stealth.ts';
import type { IncidentType } from './incident-types.ts';

/** How hard it is to tell incidents. */
export interface IncidentDifficulty {
  /** How far a normalised feature may be moved: the smaller, the harder. */
  readonly epsilon: number;
  /** The attacker keeps every rule of physics, clock and tariff (constraint `physical`). */
  readonly stealthy: boolean;
  /** How many kinds of incident there are. */
  readonly types: number;
}

/** What one lane's controller was shown, and did. */
export interface Lane {
  /** [steps×O] normalised */
  readonly observation: Float32Array;
  /** [steps] physical */
  readonly action: Float64Array;
}

/** A building over a year, once for each class: untouched, and under each kind of incident from the first hour to the last. */
export interface BuildingYear {
  readonly features: readonly Feature[];
  readonly steps: number;
  readonly stepsPerDay: number;
  /** [classes], the untouched one first. */
  readonly lanes: readonly Lane[];
}

const untouched = 'untouched';
/** A run that nobody paces reads no clock. */
const noClock: Clock = { now: () => 0, sleep: () => Promise.resolve() };

/** Records it in the closed loop: what an attack shows changes what the controller does, and thus what comes after. */
export async function recordYear(
  workspace: Workspace,
  setup: {
    readonly dataset: string;
    readonly building: string;
    readonly policy: string;
    readonly seed: number;
    readonly steps: number | null;
    readonly types: readonly IncidentType[];
    readonly difficulty: Pick<IncidentDifficulty, 'epsilon' | 'stealthy'>;
  },
  progress: (done: number) => void,
): Promise<BuildingYear> {
  const scenario = scenarioOf(setup);
  const source = await workspace.victim(setup.policy);
  const { features } = source;
  source.close?.();
  const frames: TelemetryFrame[] = [];
  let telemetry: TelemetrySchema | undefined;
  let total = 1;
  for await (const event of runEvents(scenario, workspace, {
    clock: noClock,
    commands: commandQueue(),
    versions: {},
    codeHash: '',
  })) {
    if (event.type === 'started') [telemetry, total] = [event.schema, event.totalSteps];
    if (event.type !== 'frame') continue;
    frames.push(event.frame);
    progress((event.frame.step0 + event.frame.rows) / total);
  }
  const own = telemetry!;
  const lanes = [untouched, ...setup.types.map(({ name }) => name)].map((label): Lane => {
    const lane = `${setup.building}/${label}`;
    const action = own.channels.findIndex(({ name }) => name === `${lane}/action`);
    return {
      observation: shown(lane, 'reported', own, frames, features),
      action: Float64Array.from(column(action, frames)),
    };
  });
  return { features, steps: lanes[0]!.action.length, stepsPerDay: Math.round(86_400 / own.dt), lanes };
}

function scenarioOf({
  dataset,
  building,
  policy,
  seed,
  steps,
  types,
  difficulty: { epsilon, stealthy },
}: Parameters<typeof recordYear>[1]): Scenario {
  return scenarioFrom(
    {
      name: 'study amu, incidents',
      seed,
      district: { dataset, buildings: [building], normalisation: 'fixed', steps },
      victim: { policy },
      attacks: [
        { name: 'none', label: untouched, threat: {}, config: {} },
        ...types.map(({ name, attack, config, spared }) => ({
          name: attack,
          label: name,
          threat: {
            epsilon,
            mask: ['time', ...spared],
            ...(stealthy ? { constraints: [{ name: 'physical' }] } : {}),
          },
          config,
        })),
      ],
    },
    'study amu, incidents',
    schema,
  );
}
