import { InvalidArgumentError } from '@commander-js/extra-typings';
import { ConfigError } from '../core/errors.ts';

/** A parser for whole numbers within bounds. */
export function integer(name: string, low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < low || value > high)
      throw new InvalidArgumentError(`${name} is '${text}', expected an integer in [${low}, ${high}].`);
    return value;
  };
}

/** `a,b,c` without blanks and empty parts. */
export function names(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** `i/n`: part i, counted from 0, of n. */
export function shard(text: string): { readonly index: number; readonly count: number } {
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const index = Number(match?.[1]);
  const count = Number(match?.[2]);
  if (match === null || count < 1 || index >= count)
    throw new InvalidArgumentError(`--shard is '${text}', expected i/n with i from 0 to n−1.`);
  return { index, count };
}

/** A parser for one finite number. */
export function number(name: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value))
      throw new InvalidArgumentError(`${name} is '${text}', expected a number.`);
    return value;
  };
}

/** A parser for finite numbers `a,b,c`. */
export function numbers(name: string): (text: string) => number[] {
  return (text) => text.split(',').map(number(name));
}

/** The value of an option that is JSON. @throws {ConfigError} for what is not. */
export function json(option: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(`${option} is not JSON: ${text.slice(0, 60)}`, { cause });
  }
}
