/** A technique of a public catalogue of attacks. */
export interface Technique {
  readonly framework: 'ATT&CK for ICS' | 'ATLAS';
  /** The catalogue's version in which the id was read. */
  readonly version: string;
  readonly id: string;
  readonly name: string;
  /** Its id before ATT&CK v19 made techniques of messages into sub-techniques. */
  readonly formerly?: string;
}

const ics = (id: string, name: string, formerly?: string): Technique => ({
  framework: 'ATT&CK for ICS',
  version: formerly === undefined ? '18.1' : '19',
  id,
  name,
  ...(formerly === undefined ? {} : { formerly }),
});
const atlas = (id: string, name: string): Technique => ({ framework: 'ATLAS', version: '5.6.0', id, name });

const reporting = ics('T1692.002', 'Unauthorized Message: Reporting Message', 'T0856');
const command = ics('T1692.001', 'Unauthorized Message: Command Message', 'T0855');
const blockReporting = ics('T1691.002', 'Block Message: Reporting Message', 'T0804');
const blockCommand = ics('T1691.001', 'Block Message: Command Message', 'T0803');
const control = ics('T0831', 'Manipulation of Control');
const view = ics('T0832', 'Manipulation of View');
const middle = ics('T0830', 'Adversary-in-the-Middle');
const denialOfView = ics('T0815', 'Denial of View');
const denialOfService = ics('T0814', 'Denial of Service');
const parameter = ics('T0836', 'Modify Parameter');
const denialOfControl = ics('T0813', 'Denial of Control');
const monitor = ics('T0801', 'Monitor Process State');

const evade = atlas('AML.T0015', 'Evade AI Model');
const craftWhite = atlas('AML.T0043.000', 'Craft Adversarial Data: White-Box Optimization');
const craftBlack = atlas('AML.T0043.001', 'Craft Adversarial Data: Black-Box Optimization');
const craftTransfer = atlas('AML.T0043.002', 'Craft Adversarial Data: Black-Box Transfer');
const craftByHand = atlas('AML.T0043.003', 'Craft Adversarial Data: Manual Modification');
const fullAccess = atlas('AML.T0044', 'Full AI Model Access');
const inference = atlas('AML.T0040', 'AI Model Inference API Access');
const proxy = atlas('AML.T0005', 'Create Proxy AI Model');
const denialOfModel = atlas('AML.T0029', 'Denial of AI Service');

const whiteBox = [reporting, control, craftWhite, fullAccess, evade];
const blackBox = [reporting, control, craftBlack, inference];
const tampering = [command, parameter, control];

/** Names of the registry → techniques. Source: specs/stack.md 9, read in ATT&CK for ICS 18.1 and 19, ATLAS 5.6.0. */
const byAttack: Readonly<Record<string, readonly Technique[]>> = {
  ...same(whiteBox, [
    'bifurcation',
    'toggle-bifurcation',
    'pgd',
    'fgsm',
    'bim',
    'mi-fgsm',
    'ni-fgsm',
    'apgd',
    'apgd-t',
    'acg',
    'reacg',
    'acg-art-1.16',
    'paper-pgd',
    'min-epsilon',
    'fmn',
    'deepfool',
    'cw-l2',
    'greedy-sensors',
    'universal',
    'planned',
    'min-q',
    'robust-sarsa',
    'rs-mad',
    'robust-sarsa-shuffled',
    'critic',
    'pa-ad',
  ]),
  evasive: [...whiteBox, view],
  ...same(blackBox, ['nes', 'spsa', 'square', 'hop-skip-jump', 'boundary', 'learned-adversary']),
  snooping: [monitor, reporting, control, craftTransfer, proxy],
  'sensor-replay': [reporting, view, middle, craftByHand],
  'sensor-delay': [blockReporting, denialOfService, denialOfView, denialOfModel],
  'sensor-dropout': [blockReporting, denialOfService, denialOfView, denialOfModel],
  'random-noise': [reporting, control],
  none: [],
  ...same(tampering, ['action-noise', 'action-flip', 'action-scale', 'action-adversary']),
  'action-hold': [blockCommand, denialOfControl, control],
};

/** Techniques of an attack of the registry; of a name that is none, nothing. */
export function techniquesOf(attack: string): readonly Technique[] {
  return Object.hasOwn(byAttack, attack) ? byAttack[attack]! : [];
}

/** Every attack that has been given its techniques. */
export const taggedAttacks: readonly string[] = Object.keys(byAttack);

function same(
  techniques: readonly Technique[],
  attacks: readonly string[],
): Readonly<Record<string, readonly Technique[]>> {
  return Object.fromEntries(attacks.map((attack) => [attack, techniques]));
}
