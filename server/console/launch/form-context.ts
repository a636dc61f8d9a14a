import { createContext, useContext } from 'react';
import type { ComponentType } from 'react';
import type { Problem } from '../../events.ts';
import type { Json, JsonSchema } from './json-schema.ts';

/** What every editor of a value is given. */
export interface FieldProps {
  readonly schema: JsonSchema;
  /** Null was among the schema's types: an empty field means it. */
  readonly nullable: boolean;
  /** May be left out: an empty field leaves it out. */
  readonly optional: boolean;
  readonly label: string;
  readonly pointer: string;
  readonly value: Json | undefined;
  readonly onChange: (value: Json | undefined) => void;
}

/** What fields know beside their value. */
export interface FormContext {
  /** The editor of nested values; by context, since it is made of the very fields that nest. */
  readonly Field: ComponentType<Omit<FieldProps, 'nullable'>>;
  /** Messages by JSON pointer. */
  readonly errors: ReadonlyMap<string, string>;
  /** Known values of free text, by JSON pointer; `*` stands for an index. */
  readonly suggestions: ReadonlyMap<string, readonly string[]>;
}

export const formContext = createContext<FormContext | null>(null);

export function useForm(): FormContext {
  const context = useContext(formContext);
  if (context === null) throw new Error('a field stands outside of a form');
  return context;
}

export function useFieldError(pointer: string): string | undefined {
  return useForm().errors.get(pointer);
}

/** Messages of a problem by pointer; several about one value are joined. */
export function errorsOf(problem: Problem | null): ReadonlyMap<string, string> {
  const errors = new Map<string, string>();
  for (const { pointer, message } of problem?.issues ?? []) {
    const at = pointer === '/' ? '' : pointer;
    const before = errors.get(at);
    errors.set(at, before === undefined ? message : `${before}; ${message}`);
  }
  return errors;
}
