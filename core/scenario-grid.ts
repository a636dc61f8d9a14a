import { z } from 'zod';
import { oneOf } from './vocabulary.ts';

/** The network that a scenario's district stands on. */
export interface GridSpec {
  /** A network that ships, or the path of a MATPOWER case (.m) or a case as JSON. */
  readonly case: string;
  /** How many in all, dealt to the buses by their loads and to the buildings in turn. */
  readonly homes: number;
  /** Which are where, in place of that; empty: dealt. */
  readonly placement: readonly { readonly building: string; readonly bus: number; readonly count: number }[];
  readonly power_factor: number;
  readonly background: { readonly scale: number; readonly profile: readonly number[] };
  readonly zip: { readonly p: ZipShares; readonly q: ZipShares };
  readonly inverter?:
    | { readonly kva: number; readonly curve: string; readonly points: readonly (readonly [number, number])[] }
    | undefined;
  readonly taps: readonly {
    readonly branch: readonly [number, number];
    readonly bus?: number | undefined;
    readonly target: number;
    readonly band: number;
    readonly step: number;
    readonly range: readonly [number, number];
    readonly delay: number;
    readonly start: number;
  }[];
  readonly capacitors: readonly {
    readonly bus: number;
    readonly mvar: number;
    readonly on: number;
    readonly off: number;
    readonly delay: number;
    readonly start: boolean;
  }[];
  readonly limits: { readonly voltage: readonly [number, number]; readonly branch_mva?: number | undefined };
  readonly frequency?: FrequencySpec | undefined;
  readonly protection?: ProtectionSpec | undefined;
  readonly shares?: SharesSpec | undefined;
}

/** How the share of homes that an attack needs is looked for. */
export interface SharesSpec {
  readonly parts: number;
  readonly tolerance: number;
}

/** Relays of the network. */
export interface ProtectionSpec {
  readonly rule: string;
  readonly under_voltage?: { readonly pu: number; readonly seconds: number; readonly share: number } | undefined;
  readonly over_voltage?: { readonly pu: number; readonly seconds: number } | undefined;
}

/** The system that the network hangs on, as one equivalent machine. */
export interface FrequencySpec {
  readonly system_mw: number;
  readonly feeders: number;
  readonly f0: number;
  readonly shedding: string;
  readonly inertia: number;
  readonly damping: number;
  readonly droop: number;
  readonly gain: number;
  readonly high_pressure: number;
  readonly reheat: number;
}

type ZipShares = readonly [power: number, current: number, impedance: number];

const bus = z.int().min(1);
const pu = z.number().gt(0).max(2);

const zipShares = (what: string) =>
  z
    .tuple([z.number(), z.number(), z.number()])
    .refine(([p, i, z_]) => Math.abs(p + i + z_ - 1) < 1e-9, 'the three parts have another sum than 1')
    .default([1, 0, 0])
    .describe(`Parts of ${what} power with constant power, current and impedance.`);

const ascending = ([low, high]: readonly [number, number]): boolean => low < high;

/** @param schemes names of schemes of shedding, the usual one first */
const frequencySection = (schemes: readonly string[]) =>
  z
    .strictObject({
      system_mw: z.number().gt(0).max(1e7).default(1000).describe('Load of the whole system, MW.'),
      feeders: z.int().min(1).max(1e6).default(1).describe('Feeders like this one that do the same at once.'),
      f0: z.number().min(45).max(65).default(50).describe('Hz.'),
      shedding: oneOf(schemes).describe('Under-frequency load shedding.'),
      inertia: z.number().gt(0).max(100).default(4).describe('H, s.'),
      damping: z.number().min(0).max(20).default(1).describe('D, p.u.'),
      droop: z.number().gt(0).max(1).default(0.05).describe('R, p.u.'),
      gain: z.number().gt(0).max(2).default(0.95).describe('Km, share of the power that has spinning reserve.'),
      high_pressure: z.number().gt(0).max(1).default(0.3).describe('FH, share of the high-pressure turbine.'),
      reheat: z.number().gt(0).max(100).default(8).describe('TR, s.'),
    })
    .optional()
    .describe(
      'What sudden changes of the feeder from step to step do to the frequency of a system; absent: not asked.',
    );

const seconds = z.number().min(0).max(86_400).describe('s');

/** @param rules names of rules by which branches trip */
const protectionSection = (rules: readonly string[]) =>
  z
    .strictObject({
      rule: oneOf(rules).describe('How branches above their limit trip.'),
      under_voltage: z
        .strictObject({
          pu: pu.default(0.85),
          seconds: seconds.default(10),
          share: z.number().gt(0).max(1).default(0.2).describe('Of its load that a bus sheds.'),
        })
        .optional()
        .describe('A bus below this for so long sheds a share of its load, and again; absent: none does.'),
      over_voltage: z
        .strictObject({ pu: pu.default(1.15), seconds: seconds.default(10) })
        .optional()
        .describe('A bus above this for so long loses its generators, or its capacitors; absent: none does.'),
    })
    .optional()
    .describe(
      'Relays: what they do in the step that loads the network most, until it is stable or dark; absent: not asked.',
    );

const sharesSection = z
  .strictObject({
    parts: z.int().min(1).max(1000).default(20).describe('Shares that are tried: more of an attack need not do more.'),
    tolerance: z.number().gt(0).max(1).default(0.001).describe('To which the first that does it is narrowed down.'),
  })
  .optional()
  .describe(
    'Least shares of homes, the same at every bus, whose attack leaves the voltage band or overloads a branch: the run is solved once more for each share that is tried; absent: not asked.',
  );

/** Names that a scenario's `grid` may use. */
export interface GridVocabulary {
  readonly voltVarCurves: readonly string[];
  readonly sheddingSchemes: readonly string[];
  readonly tripRules: readonly string[];
}

/** A scenario's `grid`. */
export function gridSection({ voltVarCurves: curves, sheddingSchemes: schemes, tripRules: rules }: GridVocabulary) {
  return z
    .strictObject({
      case: z
        .string()
        .min(1)
        .default('case33bw')
        .describe('A network that ships (`case33bw`), or the path of a MATPOWER case (.m) or a case as JSON.'),
      homes: z
        .int()
        .min(1)
        .max(10_000_000)
        .default(500)
        .describe('How many homes in all, dealt to the buses by their loads and to the buildings in turn.'),
      placement: z
        .array(
          z.strictObject({
            building: z.string().min(1).describe('By name; one of the district’s.'),
            bus: bus.describe('External number.'),
            count: z.number().min(0).max(10_000_000).describe('Copies of the building there.'),
          }),
        )
        .max(10_000)
        .default([])
        .describe('Which homes are where, in place of those dealt.'),
      power_factor: z
        .number()
        .gt(0)
        .max(1)
        .default(0.95)
        .describe('Of what homes take beside PV and battery, lagging; these have none of reactive power.'),
      background: z
        .strictObject({
          scale: z.number().min(0).max(100).default(0.5).describe('The case’s own loads, so many times over.'),
          profile: z
            .array(z.number().min(0).max(100))
            .min(1)
            .max(100_000)
            .default([1])
            .describe('Factors of these loads, step by step, over and over.'),
        })
        .prefault({})
        .describe('Loads of the case that nobody attacks.'),
      zip: z
        .strictObject({ p: zipShares('active'), q: zipShares('reactive') })
        .prefault({})
        .describe('How loads depend on the voltage.'),
      inverter: z
        .strictObject({
          kva: z
            .number()
            .gt(0)
            .max(1e6)
            .default(8)
            .describe('Rating of each home’s inverter, of PV and battery together.'),
          curve: oneOf(curves.toReversed()).describe('Volt-var by the name of its standard.'),
          points: z
            .array(z.tuple([pu, z.number().min(-1).max(1)]))
            .max(20)
            .default([])
            .describe('A curve of your own in its place: voltage (p.u.) and share of the rating.'),
        })
        .optional()
        .describe('Inverters that give reactive power by the voltage; absent: none do.'),
      taps: z
        .array(
          z.strictObject({
            branch: z.tuple([bus, bus]).describe('From and to; the from side faces the source.'),
            bus: bus.optional().describe('Whose voltage it holds; default: the to side.'),
            target: pu.default(1).describe('p.u.'),
            band: z.number().gt(0).max(0.5).default(0.02).describe('p.u.; it rests within half of it on either side.'),
            step: z.number().gt(0).max(0.1).default(0.00625).describe('Ratio a position.'),
            range: z
              .tuple([z.int().min(-100).max(0), z.int().min(0).max(100)])
              .default([-16, 16])
              .describe('Positions.'),
            delay: z.int().min(1).max(1000).default(1).describe('Steps outside the band before it moves.'),
            start: z.int().min(-100).max(100).default(0).describe('Position at the beginning.'),
          }),
        )
        .max(100)
        .default([])
        .describe('Transformers that change their ratio between steps.'),
      capacitors: z
        .array(
          z
            .strictObject({
              bus,
              mvar: z.number().gt(0).max(1e6).describe('At 1 p.u.'),
              on: pu.default(0.95).describe('Switched in below, p.u.'),
              off: pu.default(1.05).describe('Switched out above, p.u.'),
              delay: z.int().min(1).max(1000).default(1).describe('Steps before it switches.'),
              start: z.boolean().default(false).describe('Switched in at the beginning.'),
            })
            .refine(({ on, off }) => on < off, { path: ['off'], message: '`off` is not above `on`' }),
        )
        .max(100)
        .default([])
        .describe('Capacitors that are switched between steps.'),
      limits: z
        .strictObject({
          voltage: z
            .tuple([pu, pu])
            .refine(ascending, 'the first is not below the second')
            .default([0.95, 1.05])
            .describe('p.u.; outside is a violation.'),
          branch_mva: z
            .number()
            .gt(0)
            .max(1e6)
            .optional()
            .describe('Of every branch for which the case names no limit.'),
        })
        .prefault({}),
      frequency: frequencySection(schemes),
      protection: protectionSection(rules),
      shares: sharesSection,
    })
    .optional()
    .describe(
      'The network that the district stands on: its power flow is solved for the clean twins and under each attack.',
    );
}
