import { ConfigError, UnknownNameError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';

/** Where attributes stand in a scenario. */
const inScenario: Place = { path: '/district/reward/attributes' };

const largestExponent = 100;

/** A reward class's attributes as a schema or scenario gives them: null and missing ones take CityLearn's default, unknown ones are errors. */
export class RewardAttributes {
  readonly #type: string;
  readonly #raw: Readonly<Record<string, unknown>>;
  readonly #place: Place;

  /** @param place of the attributes @throws {UnknownNameError} for an attribute that the class has not. */
  constructor(
    type: string,
    raw: Readonly<Record<string, unknown>>,
    known: readonly string[],
    place: Place = inScenario,
  ) {
    this.#type = type;
    this.#raw = raw;
    this.#place = place;
    for (const name of Object.keys(raw)) {
      if (!known.includes(name)) throw new UnknownNameError(`attribute of ${type}`, name, known, this.place(name));
    }
  }

  place(name: string): Place {
    return { ...this.#place, path: `${this.#place.path}/${name}` };
  }

  #reject(name: string, got: unknown, expected: string): never {
    throw new ConfigError(`${name} of ${this.#type} is ${JSON.stringify(got)}, expected ${expected}`, {
      place: this.place(name),
    });
  }

  #number(name: string, got: unknown): number {
    return typeof got === 'number' && Number.isFinite(got) ? got : this.#reject(name, got, 'a finite number');
  }

  number<Absent extends number | null>(name: string, absent: Absent): number | Absent {
    const got = this.#raw[name];
    return got === undefined || got === null ? absent : this.#number(name, got);
  }

  /** A power to which something ≥ 0 is raised: a negative one would give infinite rewards at 0, a huge one above 1. */
  exponent(name: string, absent: number): number {
    const got = this.number(name, absent);
    return got >= 0 && got <= largestExponent ? got : this.#reject(name, got, `a number from 0 to ${largestExponent}`);
  }

  /** As many numbers as there are defaults. */
  numbers(name: string, absent: readonly number[]): readonly number[] {
    const got = this.#raw[name];
    if (got === undefined || got === null) return absent;
    if (!Array.isArray(got) || got.length !== absent.length) return this.#reject(name, got, `${absent.length} numbers`);
    return got.map((value, i) => this.#number(`${name}/${i}`, value));
  }

  /** A number for each name; those left out keep their default. */
  weights<Name extends string>(name: string, absent: Readonly<Record<Name, number>>): Readonly<Record<Name, number>> {
    const got = this.#raw[name];
    if (got === undefined || got === null) return absent;
    if (typeof got !== 'object' || Array.isArray(got)) return this.#reject(name, got, 'an object of numbers');
    const known = Object.keys(absent);
    const given = Object.entries(got).map(([key, value]): [string, number] => {
      if (!known.includes(key))
        throw new UnknownNameError(`weight of ${this.#type}`, key, known, this.place(`${name}/${key}`));
      return [key, this.#number(`${name}/${key}`, value)];
    });
    return { ...absent, ...Object.fromEntries(given) };
  }

  raw(name: string): unknown {
    return this.#raw[name];
  }
}
