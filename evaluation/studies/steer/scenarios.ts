import { ConfigError } from '../../../core/errors.ts';
import type { Rng } from '../../../core/rng.ts';
import { scenarioFrom } from '../../../core/scenario.ts';
import type { Scenario } from '../../../core/scenario.ts';
import { featureGroups } from '../../../attacks/presets.ts';
import { schema } from '../../vocabulary.ts';
import { zipf } from './grammar.ts';
import type { Fields, Grammar } from './grammar.ts';

/** Words for options of attacks. An option is one of some attacks only, and the schema knows of which. */
const options: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'usual-options': {},
  'steps-20': { steps: 20 },
  'restarts-3': { restarts: 3 },
  'momentum-half': { decay: 0.5 },
  'queries-500': { queryBudget: 500 },
  'one-sided': { oneSided: true },
  'silent-half': { probability: 0.5 },
  'window-24': { window: 24 },
};

const targets: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  anything: {},
  charging: { target: 'charge' },
  discharging: { target: 'discharge' },
  toggling: { target: 'toggle' },
};

const epsilons: Readonly<Record<string, number>> = {
  'one-percent': 0.01,
  'three-percent': 0.03,
  'five-percent': 0.05,
  'ten-percent': 0.1,
};

const duties: Readonly<Record<string, number>> = { always: 1, 'half-time': 0.5, 'tenth-time': 0.1 };

/** First row of the episode. */
const starts: Readonly<Record<string, number>> = { midnight: 0, dawn: 6, noon: 12, dusk: 18 };

/**
 * Attack scenarios of this testbed in one line each. No rule is written here: a line is coherent if the scenario that it stands for is accepted by the
 * schema, which knows what options each attack has.
 */
const grammar: Grammar = {
  template: 'run {attack} toward {target} with {option} on {channels} within {epsilon} {duty} from {time}',
  slots: {
    attack: [
      'pgd',
      'fgsm',
      'mi-fgsm',
      'apgd',
      'bifurcation',
      'nes',
      'square',
      'random-noise',
      'sensor-delay',
      'sensor-dropout',
      'sensor-replay',
      'universal',
    ],
    target: Object.keys(targets),
    option: Object.keys(options),
    channels: ['weather', 'price', 'carbon', 'load', 'solar', 'net'],
    epsilon: Object.keys(epsilons),
    duty: Object.keys(duties),
    time: Object.keys(starts),
  },
  coherent: accepted,
  spread: 'attack',
  combination: ['attack', 'target', 'option'],
};

const verdicts = new Map<string, boolean>();

/** Whether the schema accepts the scenario. It is asked once a combination: the other slots hold nothing that it could refuse. */
function accepted(fields: Fields): boolean {
  const key = `${fields['attack']} ${fields['target']} ${fields['option']}`;
  const known = verdicts.get(key) ?? scenarioOf(fields) !== null;
  verdicts.set(key, known);
  return known;
}

/** @param rng draws which attacks are common */
export function scenarioGrammar(rng: Rng): Grammar {
  return { ...grammar, prevalence: zipf(grammar.slots[grammar.spread]!.length, rng.split('prevalence')) };
}

/** The scenario that a line's fields stand for; null where the schema refuses it. */
export function scenarioOf(fields: Fields): Scenario | null {
  const { attack, target, option, channels, epsilon, duty, time } = fields;
  const raw = {
    name: `${attack} on ${channels}, ${duty}`,
    district: { start: starts[time!] },
    attacks: [
      {
        name: attack,
        // Only these channels may move: every other group is masked.
        threat: { epsilon: epsilons[epsilon!], mask: Object.keys(featureGroups).filter((group) => group !== channels) },
        config: { ...targets[target!], ...options[option!], timing: { duty: duties[duty!] } },
      },
    ],
  };
  try {
    return scenarioFrom(raw, 'generated scenario', schema);
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}
