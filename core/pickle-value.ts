/** A class or function that a pickle names: never called here, only compared. */
export class PickleGlobal {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What a callable made of its arguments stands for; with the attributes that were set of it. */
export class PickleCall {
  readonly callee: string;
  readonly args: readonly PickleValue[];
  state: PickleValue | undefined = undefined;
  constructor(callee: string, args: readonly PickleValue[]) {
    this.callee = callee;
    this.args = args;
  }
}

/** An object that the pickle only points to. */
export class PicklePersistent {
  readonly id: PickleValue;
  constructor(id: PickleValue) {
    this.id = id;
  }
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleGlobal
  | PickleCall
  | PicklePersistent;

/** What a person would call it; never its content. */
export function describePickled(value: PickleValue | undefined): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'None';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Map) return `a dictionary with ${value.size} keys`;
  if (value instanceof PickleGlobal) return `the global ${value.name}`;
  if (value instanceof PickleCall) return `a ${value.callee}`;
  if (value instanceof PicklePersistent) return 'a storage';
  return `a ${typeof value}`;
}
