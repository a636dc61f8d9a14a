import type { recorded } from './recorded.ts';

/** Who wrote an entry: the paper's code with its defects, the same repaired, or an attack of ours beyond it. */
export type Origin = 'paper' | 'repaired' | 'ours';

/** What an entry is for: entries of one purpose, budget and victim are comparable. */
export type Purpose =
  | 'noise'
  | 'untargeted'
  | 'untargeted-acg'
  | 'bifurcated'
  | 'bifurcated-acg'
  | 'toggle'
  | 'furthest'
  | 'timed'
  | 'snooping'
  | 'learned'
  | 'planned';

/** One attack of the study. */
export interface PanelEntry {
  /** The label in results. */
  readonly label: string;
  readonly purpose: Purpose;
  readonly origin: Origin;
  /** What it may change. */
  readonly budget: Budget;
  readonly attack: string;
  readonly config?: Readonly<Record<string, unknown>>;
  /** On which heads it has a meaning; absent: all. */
  readonly only?: 'bins' | 'continuous';
  /** The paper's column that it stands beside, by victim. */
  readonly recorded?: { readonly [Victim in keyof typeof recorded]?: keyof (typeof recorded)[Victim] };
  /**
   * Absent: on every seed. `once`: in the full version on the first seed alone, of victims that meet the whole panel or whose record it stands
   * beside, where one model meets the paper's one; `full`: the same, and not in the quick version.
   */
  readonly extent?: 'once' | 'full';
  /** Its option `policy` is the victim's own learned adversary. */
  readonly learned?: true;
  /** Whether held-out buildings and the held-out half-year meet it too. */
  readonly heldOut?: boolean;
}

/** Budgets of the panel: threat sections of a scenario. */
export const budgets = {
  '5%': { preset: 'paper-5%' },
  '3%': { preset: 'paper-3%' },
  '1%': { epsilon: 0.01 },
  '10%': { epsilon: 0.1 },
  '1%-mask-time': { epsilon: 0.01, mask: ['time'] },
  '2%-mask-time': { epsilon: 0.02, mask: ['time'] },
  '10%-mask-time': { epsilon: 0.1, mask: ['time'] },
  '5%-mask-time': { preset: 'paper-mask-time-5%' },
  '3%-mask-time': { preset: 'paper-mask-time-3%' },
  stealth: { preset: 'stealth-rescale' },
  'stealth-no-solar': { preset: 'stealth-mask-solar' },
  'stealth-scale': { preset: 'stealth-scale' },
  '20%': { epsilon: 0.2 },
  unbounded: { preset: 'unbounded' },
} as const;

export type Budget = keyof typeof budgets;

/** Budgets of the snooping curve: the paper's one-step attack on an imitator. */
export const snoopingBudgets = ['5%', '10%', '20%'] as const satisfies readonly Budget[];

/** Of `planned`: a year in a minute or two. The normalised consumption hardly moves, so one point of it says as much as three. */
const planning = { replan: 12, steps: 8, socPoints: 5, netPoints: 1 };

/**
 * The paper's panel (specs/bifurcation.md 4), each of its attacks as its code ran it beside the same attack repaired, on one budget.
 * Labels are `purpose budget origin`.
 */
export const panel: readonly PanelEntry[] = [
  {
    label: 'noise 5% paper',
    purpose: 'noise',
    origin: 'paper',
    budget: '5%',
    attack: 'random-noise',
    config: { oneSided: true },
    recorded: { ppo20: 'random_noise' },
  },
  { label: 'noise 5%', purpose: 'noise', origin: 'repaired', budget: '5%', attack: 'random-noise', heldOut: true },
  ...pair('untargeted', '5%', { sac: 'untargeted_myPGD_05_mse', ppo20: 'untargeted_myPGD_05' }),
  ...pair('bifurcated', '5%', { sac: 'untargeted_binary_myPGD_5%', ppo20: 'untargeted_binary_myPGD_05' }),
  ...pair('toggle', '5%', { sac: 'toggle_binary_myPGD_5%', ppo20: 'toggle_binary_myPGD_05' }),
  ...pair('bifurcated', '5%-mask-time', {
    sac: 'untargeted_binary_myPGD_5%_mask_time',
    ppo20: 'untargeted_binary_myPGD_05_mask_time',
  }),
  ...pair('bifurcated', '3%-mask-time', {
    sac: 'untargeted_binary_myPGD_03_mask_time',
    ppo20: 'untargeted_binary_myPGD_03_mask_time',
  }),
  ...pair('toggle', '3%-mask-time', { sac: 'toggle_binary_myPGD_03_mask_time' }),
  ...pair('bifurcated', 'stealth-scale', {
    sac: 'untargeted_binary_myPGD_03_mask_time_scale_solar_and_consumption_eps',
    ppo20: 'untargeted_binary_myPGD_03_mask_time_scale_solar_and_consumption_eps',
    'ppo20-atla': 'untargeted_binary_myPGD_03_mask_time_scale_solar_and_consumption_eps',
  }),
  ...pair('untargeted', 'stealth-no-solar', {
    sac: 'untargeted_myPGD_03_mask_solar_and_time_scale_consumption_eps_clipped_adv_obs',
  }),
  ...pair('toggle', 'stealth-no-solar', {
    sac: 'toggle_binary_myPGD_03_mask_time_and_solar_scale_consumption_eps_clipped',
  }),
  ...pair('untargeted', 'stealth', {}),
  ...pair('bifurcated', 'stealth', {
    sac: 'untargeted_binary_myPGD_03_mask_time_REscale_solar_and_consumption_eps_clipped_adv_obs',
    ppo20: 'untargeted_binary_myPGD_03_mask_time_REscale_solar_and_consumption_eps_clipped_adv_obs',
    'ppo-continuous': 'untargeted_binary_myPGD_03_mask_time_REscale_solar_and_consumption_eps_clipped_adv_obs',
    'ppo20-atla': 'untargeted_binary_myPGD_03_mask_time_REscale_solar_and_consumption_eps_clipped_adv_obs',
  }),
  ...pair('toggle', 'stealth', {}),
  ...acgPair('bifurcated-acg', '5%', { sac: 'uACG_binary_SAC_05_eps', ppo20: 'uACG CWloss 5% eps' }),
  ...acgPair('bifurcated-acg', '3%', { sac: 'uACG_binary_SAC_03_eps' }),
  ...acgPair('bifurcated-acg', '1%', { sac: 'uACG_binary_SAC_01_eps' }),
  ...acgPair('bifurcated-acg', '10%', { ppo20: 'uACG CWloss 10% eps' }),
  ...acgPair('bifurcated-acg', 'stealth-no-solar', {
    sac: 'bifurcated_uACG_DLloss_03_mask_time_solar_and_consumption',
    ppo20: 'bifurcated_uACG_DLloss_03_mask_time_solar_and_consumption',
  }),
  ...acgPair('untargeted-acg', '5%', { ppo20: 'untageted_AC_5%_eps' }),
  // The paper's own searches of these were ACG; which search it is hardly matters here (specs/attacks-and-defenses.md 7.4).
  ...(['5%', '10%'] as const).map((budget): PanelEntry => ({
    label: `furthest ${budget}`,
    purpose: 'furthest',
    origin: 'repaired',
    budget,
    attack: 'pgd',
    only: 'bins',
    config: { target: 'furthest-action' },
    extent: budget === '5%' ? 'once' : 'full',
    recorded: { ppo20: budget === '5%' ? 'furthest action 0.05' : 'furthest action 0.1' },
  })),
  ...([25, 50, 75] as const).map((percent): PanelEntry => ({
    label: `timed 5% V${percent}`,
    purpose: 'timed',
    origin: 'repaired',
    budget: '5%',
    attack: 'pgd',
    only: 'bins',
    config: { timing: { valueAbove: percent / 100 } },
    extent: percent === 50 ? 'once' : 'full',
    recorded: {
      ppo20: (
        { 25: 'Adv_v25_untargered_kpis', 50: 'untargeted_adv_v_threshold', 75: 'Adv_v75_untargered_kpis' } as const
      )[percent],
    },
  })),
  // The paper's optimal adversary, forced without a bound, is bang-bang in effect (specs/bifurcation.md 0.2): on bins a side is not enough.
  {
    label: 'extremes unbounded',
    purpose: 'toggle',
    origin: 'repaired',
    budget: 'unbounded',
    attack: 'pgd',
    only: 'bins',
    config: { objective: 'expected-action', target: 'toggle' },
    extent: 'once',
    recorded: { ppo20: 'optimal_BB', 'ppo20-atla': 'Optimal myBB no init' },
  },
  {
    label: 'toggle unbounded',
    purpose: 'toggle',
    origin: 'repaired',
    budget: 'unbounded',
    attack: 'toggle-bifurcation',
    only: 'continuous',
    extent: 'once',
  },
  {
    label: 'learned 5%',
    purpose: 'learned',
    origin: 'repaired',
    budget: '5%',
    attack: 'action-adversary',
    learned: true,
    extent: 'full',
    config: { steps: 5 },
  },
  ...snoopingBudgets.map((budget): PanelEntry => ({
    label: `snooping ${budget}`,
    purpose: 'snooping',
    origin: 'repaired',
    budget,
    attack: 'snooping',
    config: { inner: { name: 'fgsm', config: { objective: 'grouped-margin', target: 'toggle' } } },
    extent: budget === '10%' ? 'once' : 'full',
  })),
  ...(['5%', 'stealth'] as const).flatMap((budget) =>
    (['consumption', 'ramping'] as const).map((damage): PanelEntry => ({
      label: `planned ${budget} ${damage}`,
      purpose: 'planned',
      origin: 'ours',
      budget,
      attack: 'planned',
      config: { damage, ...planning },
      ...(budget === 'stealth' ? { heldOut: damage === 'consumption' } : { extent: 'once' as const }),
    })),
  ),
];

/** `myPGD` as the paper ran it, and a correct search for the same thing with as many gradients. */
function pair(
  purpose: 'untargeted' | 'bifurcated' | 'toggle',
  budget: Budget,
  columns: NonNullable<PanelEntry['recorded']>,
): PanelEntry[] {
  const target = purpose === 'toggle' ? 'toggle' : 'untargeted';
  const core = budget === '5%' || budget === 'stealth';
  const extent = core ? {} : { extent: budget === 'stealth-no-solar' ? ('once' as const) : ('full' as const) };
  const label = `${purpose} ${budget}`;
  return [
    {
      label: `${label} paper`,
      purpose,
      origin: 'paper',
      budget,
      attack: 'paper-pgd',
      config: { objective: purpose === 'untargeted' ? 'paper-untargeted' : 'paper-grouped-margin', target },
      recorded: columns,
      ...extent,
    },
    {
      label,
      purpose,
      origin: 'repaired',
      budget,
      attack: { untargeted: 'pgd', bifurcated: 'bifurcation', toggle: 'toggle-bifurcation' }[purpose],
      ...extent,
      ...(core ? { heldOut: true } : {}),
    },
  ];
}

/**
 * ACG as the paper ran it through ART 1.16, and the authors' own algorithm with as many gradients as its longest run. Bifurcated: 20 steps from
 * up to 50 random starts, first step 2ε; untargeted: 100 steps from up to 5, first step ε/3, difference-of-logits ratio.
 */
function acgPair(
  purpose: 'bifurcated-acg' | 'untargeted-acg',
  budget: Budget,
  columns: NonNullable<PanelEntry['recorded']>,
): PanelEntry[] {
  const bifurcated = purpose === 'bifurcated-acg';
  const label = `${purpose} ${budget}`;
  const entry = {
    purpose,
    budget,
    ...(bifurcated ? {} : { only: 'bins' as const }),
    extent: bifurcated && budget === '5%' ? ('once' as const) : ('full' as const),
  };
  return [
    {
      ...entry,
      label: `${label} paper`,
      origin: 'paper',
      attack: 'acg-art-1.16',
      config: bifurcated
        ? { objective: 'paper-grouped-margin' }
        : { objective: 'dlr', steps: 100, restarts: 5, stepSize: 1 / 3 },
      recorded: columns,
    },
    {
      ...entry,
      label,
      origin: 'repaired',
      attack: 'acg',
      config: { objective: bifurcated ? 'grouped-margin' : 'dlr', steps: 100 },
    },
  ];
}
