import type { Tensor } from '@tensorflow/tfjs';
import { ConfigError, ShapeError } from '../../core/errors.ts';

/** Logits [...,K] with K of at least `least`; returns K. */
export function alternatives(where: string, z: Tensor, least = 1): number {
  const k = z.shape.at(-1);
  if (k === undefined || k < least)
    throw new ShapeError(`${where}: logits are [${z.shape.join(', ')}], expected [..., K] with K from ${least}`);
  return k;
}

/** Both [...,K] alike. */
export function assertAlike(where: string, a: Tensor, b: Tensor): void {
  if (a.shape.join() !== b.shape.join())
    throw new ShapeError(`${where}: got [${a.shape.join(', ')}] and [${b.shape.join(', ')}], expected equal shapes`);
}

/** One value a row of [...,K]: [...]. */
export function assertPerRow(where: string, name: string, x: Tensor, z: Tensor): void {
  const rows = z.shape.slice(0, -1);
  if (x.shape.join() !== rows.join())
    throw new ShapeError(
      `${where}: ${name} is [${x.shape.join(', ')}], expected [${rows.join(', ')}] for logits [${z.shape.join(', ')}]`,
    );
}

export function assertRank(where: string, name: string, x: Tensor, rank: number): void {
  if (x.rank !== rank) throw new ShapeError(`${where}: ${name} has rank ${x.rank}, expected ${rank}`);
}

/** A temperature, or another option that has to be finite and above 0. */
export function assertPositive(where: string, name: string, value: number): void {
  if (!(value > 0 && value < Infinity))
    throw new ConfigError(`${where}: ${name} is ${value}, expected a number above 0`);
}

export function assertWithin(where: string, name: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high))
    throw new ConfigError(`${where}: ${name} is ${value}, expected a number in [${low}, ${high}]`);
}
