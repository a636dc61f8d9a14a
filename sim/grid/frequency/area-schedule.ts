import type { AreaSystem } from './area-model.ts';
import type { AreaPlant } from './area-plant.ts';
import type { FeedbackLoad } from './feedback-load.ts';
import { waveformPiece } from './load-waveform.ts';
import type { LoadWaveform, WaveformPiece } from './load-waveform.ts';

type Tell = (kind: 'load', index: number, area: number, power: number, t: number, x: Float64Array) => void;

/** What happens at known times: loads that jump or change their course, AGC that reads and commands that arrive, attacks that begin and that read. */
export class Schedule {
  private readonly system: AreaSystem;
  private readonly plant: AreaPlant;
  private readonly attacks: readonly FeedbackLoad[];
  private readonly loads: readonly LoadWaveform[];
  private readonly tell: Tell;
  /** s by which attacks hear late, and windows of relays: a slope over a window is steepest as that leaves a jump. */
  private readonly waits: readonly number[];
  /** [loads] how many pieces have begun, the one there is, and the one that comes */
  private readonly begun: Int32Array;
  private readonly pieces: (WaveformPiece | undefined)[];
  private readonly coming: (WaveformPiece | undefined)[];
  /** [areas] s of the next reading; p.u. of the integral */
  private readonly reads: Float64Array;
  private readonly integral: Float64Array;
  private readonly commands: { readonly at: number; readonly area: number; readonly power: number }[] = [];
  /** [attacks] s of the next reading */
  private readonly listens: Float64Array;
  /** s at which something that jumped is seen by those who see it late: no step may go across. */
  private readonly echoes: number[] = [];

  constructor(
    system: AreaSystem,
    plant: AreaPlant,
    attacks: readonly FeedbackLoad[],
    loads: readonly LoadWaveform[],
    windows: readonly number[],
    tell: Tell,
  ) {
    this.system = system;
    this.plant = plant;
    this.attacks = attacks;
    this.loads = loads;
    this.tell = tell;
    this.waits = [...new Set([...attacks.map(({ delay }) => delay), ...windows])].filter((wait) => wait > 0);
    this.begun = new Int32Array(loads.length);
    this.pieces = loads.map(() => undefined);
    this.coming = loads.map((wave) => waveformPiece(wave, 0));
    this.reads = Float64Array.from(system.areas, ({ agc }) => agc?.period ?? Infinity);
    this.integral = new Float64Array(system.areas.length);
    this.listens = Float64Array.from(attacks, ({ period, from }) => (period > 0 ? from : Infinity));
    plant.varying = (area, t) => this.waves(area, t);
  }

  /** Load that was added to an area by waveforms and attacks, p.u. */
  added(area: number, t: number, x: Float64Array): number {
    let sum = this.waves(area, t);
    this.attacks.forEach(({ victim }, k) => {
      if (victim === area) sum += this.plant.attackPower(k, t, x);
    });
    return sum;
  }

  /** Something jumped at t: steps end when those who look back see it. */
  echo(t: number): void {
    for (const wait of this.waits) this.echoes.push(t + wait);
  }

  due(t: number): number {
    let next = Infinity;
    for (const piece of this.coming) if (piece !== undefined) next = Math.min(next, piece.from);
    for (const at of this.reads) next = Math.min(next, at);
    for (const { at } of this.commands) next = Math.min(next, at);
    for (const at of this.listens) next = Math.min(next, at);
    for (const at of this.echoes) next = Math.min(next, at);
    for (let k = 0; k < this.attacks.length; k++)
      if (this.plant.active[k] === 0) next = Math.min(next, this.attacks[k]!.from);
    return Math.max(next, t);
  }

  happen(t: number, x: Float64Array, same: number): void {
    const now = t + same;
    this.loads.forEach((wave, k) => {
      for (;;) {
        const piece = this.coming[k];
        if (piece === undefined || piece.from > now) return;
        const before = this.pieces[k]?.at(t) ?? 0;
        this.pieces[k] = piece;
        this.coming[k] = waveformPiece(wave, ++this.begun[k]!);
        this.echo(t);
        if (piece.jumps) this.tell('load', k + 1, wave.area, before - piece.at(t), t, x);
      }
    });
    this.system.areas.forEach(({ agc, Ki }, area) => {
      if (agc === undefined || this.reads[area]! > now) return;
      this.reads[area]! += agc.period;
      const wanted = this.integral[area]! - Ki * this.plant.controlError(area, x) * agc.period;
      // What cannot be asked for does not pile up.
      this.integral[area] = Math.min(agc.limit, Math.max(-agc.limit, wanted));
      this.commands.push({ at: t + agc.delay, area, power: this.integral[area]! });
    });
    while (this.commands.length > 0 && this.commands.some(({ at }) => at <= now)) {
      const first = this.commands.findIndex(({ at }) => at <= now);
      const [{ area, power }] = this.commands.splice(first, 1) as [(typeof this.commands)[number]];
      this.plant.command[area] = power;
    }
    this.attacks.forEach(({ from, period }, k) => {
      if (from <= now && this.plant.active[k] === 0) {
        this.plant.active[k] = 1;
        this.echo(t);
      }
      if (this.listens[k]! > now) return;
      this.listens[k]! += period;
      this.plant.held[k] = this.plant.reading(k, t, x);
      this.echo(t);
    });
    for (let k = this.echoes.length - 1; k >= 0; k--) if (this.echoes[k]! <= now) this.echoes.splice(k, 1);
  }

  private waves(area: number, t: number): number {
    let sum = 0;
    for (let k = 0; k < this.loads.length; k++) if (this.loads[k]!.area === area) sum += this.pieces[k]?.at(t) ?? 0;
    return sum;
  }
}
