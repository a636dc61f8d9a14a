import type { LaneResult, RunResult } from '../../core/run.ts';
import { labelOf } from '../../core/scenario.ts';
import { sha256Hex } from '../../core/sha256.ts';
import { techniquesOf } from './techniques.ts';
import type { Technique } from './techniques.ts';

/** When and of what a bundle is: figures of a run know neither clock nor file. */
export interface BundleOrigin {
  /** When the run's result was written. */
  readonly at: Date;
  /** The bytes of result.json. */
  readonly resultJson: Uint8Array;
}

const source: Readonly<
  Record<Technique['framework'], { readonly name: string; readonly url: (id: string) => string }>
> = {
  'ATT&CK for ICS': {
    name: 'mitre-attack',
    url: (id) => `https://attack.mitre.org/techniques/${id.replace('.', '/')}`,
  },
  ATLAS: { name: 'mitre-atlas', url: (id) => `https://atlas.mitre.org/techniques/${id}` },
};

/**
 * A run as a STIX 2.1 bundle: an attack pattern for each technique of its attacks, the result file as what was observed, and a note for each attack
 * with what it did. The same result gives the same identifiers.
 */
export function stixBundle(result: RunResult, { at, resultJson }: BundleOrigin): object {
  const stamp = at.toISOString();
  const fileHash = sha256Hex(resultJson);
  const author = identifier('identity', 'faultline');
  const common = { spec_version: '2.1', created_by_ref: author, created: stamp, modified: stamp };
  const patterns = new Map<string, object>();
  const patternRef = (technique: Technique): string => {
    const id = identifier('attack-pattern', `${technique.framework} ${technique.id}`);
    patterns.set(id, {
      type: 'attack-pattern',
      id,
      ...common,
      name: technique.name,
      ...(technique.formerly === undefined ? {} : { aliases: [technique.formerly] }),
      external_references: [
        {
          source_name: source[technique.framework].name,
          external_id: technique.id,
          url: source[technique.framework].url(technique.id),
          description: `${technique.framework} ${technique.version}`,
        },
      ],
    });
    return id;
  };
  const file = {
    type: 'file',
    spec_version: '2.1',
    id: identifier('file', fileHash),
    name: 'result.json',
    hashes: { 'SHA-256': fileHash },
  };
  const observed = {
    type: 'observed-data',
    id: identifier('observed-data', fileHash),
    ...common,
    first_observed: new Date(at.getTime() - Math.round(1000 * result.timing.seconds)).toISOString(),
    last_observed: stamp,
    number_observed: 1,
    object_refs: [file.id],
  };
  const notes = attacksOf(result).map(({ name, label }) => {
    const lanes = result.lanes.filter((lane) => lane.attack === label);
    return {
      type: 'note',
      id: identifier('note', `${fileHash} ${label}`),
      ...common,
      abstract: `${label} (${name}) in a simulated evaluation`,
      content: lanes.map(sentence).join('\n'),
      object_refs: [observed.id, ...techniquesOf(name).map(patternRef)],
    };
  });
  const identity = {
    type: 'identity',
    id: author,
    spec_version: '2.1',
    created: epoch,
    modified: epoch,
    name: 'Faultline',
    identity_class: 'system',
  };
  return {
    type: 'bundle',
    id: identifier('bundle', fileHash),
    objects: [identity, ...patterns.values(), file, observed, ...notes],
  };
}

/** The run's techniques as a layer for ATT&CK Navigator, scored by the largest regret in consumption of an attack that uses them. */
export function navigatorLayer(result: RunResult): object {
  const scores = new Map<string, { technique: Technique; score: number; labels: string[] }>();
  for (const { name, label } of attacksOf(result)) {
    const worst = Math.max(
      ...result.lanes
        .filter((lane) => lane.attack === label)
        .map((lane) => lane.regret?.['electricity_consumption_total'] ?? 0),
    );
    for (const technique of techniquesOf(name)) {
      if (technique.framework !== 'ATT&CK for ICS') continue;
      const known = scores.get(technique.id);
      if (known === undefined) scores.set(technique.id, { technique, score: worst, labels: [label] });
      else {
        known.score = Math.max(known.score, worst);
        known.labels.push(label);
      }
    }
  }
  const techniques = [...scores.values()];
  return {
    name: (result.scenario as { readonly name?: string }).name ?? 'run',
    versions: { attack: '19', navigator: '5.1.0', layer: '4.5' },
    domain: 'ics-attack',
    description:
      'Score: the largest regret in electricity consumption of an attack that uses the technique, in a simulated evaluation.',
    techniques: techniques.map(({ technique, score, labels }) => ({
      techniqueID: technique.id,
      score,
      comment: labels.join(', '),
      enabled: true,
    })),
    gradient: {
      colors: ['#ffffffff', '#d55e00ff'],
      minValue: 0,
      maxValue: Math.max(0.01, ...techniques.map(({ score }) => score)),
    },
  };
}

/** The techniques of each of the run's attacks, by its label. */
export function resultTechniques(
  result: RunResult,
): { readonly label: string; readonly techniques: readonly Technique[] }[] {
  return attacksOf(result).map(({ name, label }) => ({ label, techniques: techniquesOf(name) }));
}

/** The scenario's attacks: name in the registry and label in the run. */
function attacksOf(result: RunResult): { readonly name: string; readonly label: string }[] {
  const { attacks = [] } = result.scenario as { readonly attacks?: readonly { readonly name: string }[] };
  return attacks.map((attack) => ({ name: attack.name, label: labelOf(attack) }));
}

function sentence(lane: LaneResult): string {
  const show = (name: string): string => {
    const value = lane.regret?.[name];
    return value === undefined || value === null ? 'none' : value.toFixed(4);
  };
  return `${lane.lane}: regret in electricity_consumption_total ${show('electricity_consumption_total')}, in ramping_average ${show('ramping_average')}; ${lane.steps} steps; L-inf at most ${lane.norms?.linfMax.toFixed(4) ?? 'none'}`;
}

/** An object of ours that never changes has been since. */
const epoch = '2026-01-01T00:00:00.000Z';

/** `type--uuid`, the same for the same name: a hash in the form of a version 4 UUID. */
function identifier(type: string, name: string): string {
  const hash = sha256Hex(new TextEncoder().encode(`${type} ${name}`));
  const variant = ((Number.parseInt(hash[16]!, 16) & 3) | 8).toString(16);
  return `${type}--${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-${variant}${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
