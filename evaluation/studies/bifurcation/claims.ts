import { exceeds, rankCorrelation } from '../seeds.ts';
import type { Claim } from '../study.ts';
import { recordedRegret } from './recorded-figures.ts';
import { average } from './measured.ts';
import type { Kpi, Measured } from './measured.ts';
import type { PanelEntry } from './panel.ts';
import type { VictimKind } from './victims.ts';

/** An attack has to beat the best of the paper's panel on the same budget so many times over. */
const surpassed = 1.5;

/** Of fewer attacks an order says nothing: three stand in a given one by chance in a sixth of all cases. */
const fewestPairs = 6;

/** What the study tests, of the victims that were trained on the whole year. */
export function claimsOf(measured: Measured, kinds: readonly VictimKind[]): readonly Claim[] {
  return [
    ...kinds.flatMap((kind) => orderingClaims(measured, kind)),
    ...robustnessClaims(measured, kinds),
    ...atlaClaims(measured, kinds),
    ...kinds.flatMap((kind) => agreementClaims(measured, kind)),
    ...kinds.map((kind) => surpassClaim(measured, kind)),
  ];
}

function orderingClaims(measured: Measured, { name, title }: VictimKind): Claim[] {
  const difference = (more: string, less: string, kpi: Kpi): number[] => {
    const lesser = measured.regret(name, less, kpi);
    return measured.regret(name, more, kpi).map((value, seed) => value - lesser[seed]!);
  };
  const consumption = 'electricity_consumption_total';
  return [
    exceeds(
      `${title}: bifurcation does more to consumption than the untargeted attack, both as the paper coded them (5 %)`,
      difference('bifurcated 5% paper', 'untargeted 5% paper', consumption),
      0,
      'difference of regrets',
    ),
    exceeds(
      `${title}: it does so with both attacks correct (5 %)`,
      difference('bifurcated 5%', 'untargeted 5%', consumption),
      0,
      'difference of regrets',
    ),
    exceeds(
      `${title}: toggling does more to ramping than bifurcation (5 %)`,
      difference('toggle 5%', 'bifurcated 5%', 'ramping_average'),
      0,
      'difference of regrets',
    ),
    exceeds(
      `${title}: bifurcation does more to consumption than noise (5 %)`,
      difference('bifurcated 5%', 'noise 5%', consumption),
      0,
      'difference of regrets',
    ),
  ];
}

function robustnessClaims(measured: Measured, kinds: readonly VictimKind[]): Claim[] {
  if (!['sac', 'ppo20'].every((name) => kinds.some((kind) => kind.name === name))) return [];
  return (['bifurcated stealth paper', 'bifurcated stealth'] as const).map((label) => {
    const discrete = measured.regret('ppo20', label, 'electricity_consumption_total');
    const continuous = measured.regret('sac', label, 'electricity_consumption_total');
    return exceeds(
      `Bins are more robust than SAC on the stealth budget (${label})`,
      continuous.map((value, seed) => value - discrete[seed]!),
      0,
      'SAC’s regret of consumption minus that of PPO with bins',
    );
  });
}

/** What alternating training buys, and what it costs. */
function atlaClaims(measured: Measured, kinds: readonly VictimKind[]): Claim[] {
  return kinds.flatMap((hardened) => {
    const plain = kinds.find(({ name }) => `${name}-atla` === hardened.name);
    if (plain === undefined) return [];
    const difference = (of: (kind: string) => number[]): number[] => {
      const less = of(hardened.name);
      return of(plain.name).map((value, seed) => value - less[seed]!);
    };
    return [
      ...(['bifurcated 5%', 'bifurcated stealth'] as const).map((label) =>
        exceeds(
          `${hardened.title}: more robust than the plain controller (${label})`,
          difference((kind) => measured.regret(kind, label, 'electricity_consumption_total')),
          0,
          'the plain controller’s regret of consumption minus its own',
        ),
      ),
      exceeds(
        `${hardened.title}: pays for it in clean consumption`,
        difference((kind) => measured.clean(kind, 'electricity_consumption_total')).map((value) => -value),
        0,
        'clean consumption minus the plain controller’s',
      ),
    ];
  });
}

/** Attacks of the panel that stand beside a recorded one, with both regrets. */
function recordedPairs(measured: Measured, kind: VictimKind, kpi: Kpi): { ours: number; papers: number }[] {
  return measured.entries(kind, 'trained').flatMap((entry) => {
    const papers = recordedRegret(kind, entry, kpi);
    const ours = measured.regret(kind.name, entry.label, kpi);
    return papers === null || ours.length === 0 ? [] : [{ ours: average(ours), papers }];
  });
}

function agreementClaims(measured: Measured, kind: VictimKind): Claim[] {
  return (['electricity_consumption_total', 'ramping_average'] as const).flatMap((kpi) => {
    const pairs = recordedPairs(measured, kind, kpi);
    if (pairs.length < fewestPairs) return [];
    const rho = rankCorrelation(
      pairs.map(({ ours }) => ours),
      pairs.map(({ papers }) => papers),
    );
    return [
      {
        claim: `${kind.title}: the replicas stand in the paper's order of ${kpi === 'ramping_average' ? 'ramping' : 'consumption'} regret`,
        holds: rho >= 0.7,
        evidence: `rank correlation ${rho.toFixed(2)} over ${pairs.length} recorded attacks, to be at least 0.70`,
      },
    ];
  });
}

/**
 * The best of ours against the best of the paper's panel on the stealth budgets, both by the mean over seeds, KPI by KPI: holds where it does
 * for one. What has an interval is `ours − 1.5 · theirs`: a ratio has none worth the name where a seed's denominator is near 0.
 */
function surpassClaim(measured: Measured, kind: VictimKind): Claim {
  const own = measured.entries(kind, 'trained').filter(({ budget }) => budget === 'stealth');
  const best = (kpi: Kpi, origin: PanelEntry['origin']): PanelEntry | undefined =>
    own
      .filter((entry) => entry.origin === origin && measured.regret(kind.name, entry.label, kpi).length > 0)
      .toSorted(
        (a, b) => average(measured.regret(kind.name, b.label, kpi)) - average(measured.regret(kind.name, a.label, kpi)),
      )[0];
  const claim = `${kind.title}: within the paper's stealth budget an attack of ours has at least ${surpassed} times the regret of the best of its panel`;
  const found = (['electricity_consumption_total', 'ramping_average'] as const).flatMap((kpi) => {
    const paper = best(kpi, 'paper');
    const ours = best(kpi, 'ours');
    if (paper === undefined || ours === undefined) return [];
    const below = measured.regret(kind.name, paper.label, kpi);
    const above = measured.regret(kind.name, ours.label, kpi);
    const what = `${kpi}, '${ours.label}' ${(average(above) / average(below)).toFixed(2)} times '${paper.label}', difference to ${surpassed} times it`;
    return [
      exceeds(
        claim,
        above.map((value, seed) => value - surpassed * Math.max(0, below[seed]!)),
        0,
        what,
      ),
    ];
  });
  const verdicts = found.map(({ holds }) => holds);
  return {
    claim,
    holds: verdicts.includes(true) ? true : verdicts.includes(null) || verdicts.length === 0 ? null : false,
    evidence: verdicts.length === 0 ? 'nothing was measured for it' : found.map(({ evidence }) => evidence).join('; '),
  };
}
