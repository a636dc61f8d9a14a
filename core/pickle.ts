import { PickleBytes } from './pickle-bytes.ts';
import { PickleStack } from './pickle-stack.ts';
import { PickleCall, PickleGlobal, PicklePersistent } from './pickle-value.ts';
import type { PickleValue } from './pickle-value.ts';

const opcodeNames: Readonly<Record<number, string>> = {
  0x50: 'PERSID',
  0x69: 'INST',
  0x6f: 'OBJ',
  0x81: 'NEWOBJ',
  0x92: 'NEWOBJ_EX',
};

/** What a pickle may say. */
export interface PickleRules {
  /** `module.name` of what may be named. */
  readonly globals: ReadonlySet<string>;
  /** Whose pickles these are, for messages: 'tensors', 'spaces'. */
  readonly purpose: string;
  /** Whether objects may be made and given attributes: inert `PickleCall`s with a state. */
  readonly objects: boolean;
  /** Opcodes that one may have; absent: as many as its bytes. */
  readonly mostOpcodes?: number;
}

/**
 * Reads a pickle of plain data (protocols 2 to 5). Nothing is ever called: a call of an allowed global is a `PickleCall` of its arguments,
 * an ordered dictionary a Map; any other global and any opcode that plain data does not need is refused by name.
 * Time and memory are of the order of the pickle's length.
 * @param offset of the first byte in the file, for messages
 * @throws {DataError} with the byte offset.
 *
 * Source: CPython, Lib/pickletools.py (opcodes).
 */
export function readPickle(bytes: Uint8Array, rules: PickleRules, file: string, offset: number): PickleValue {
  return new Machine(new PickleBytes(bytes, file, offset), rules).run();
}

class Machine {
  readonly #bytes: PickleBytes;
  readonly #rules: PickleRules;
  readonly #stack: PickleStack;
  readonly #memo = new Map<number, PickleValue>();

  constructor(bytes: PickleBytes, rules: PickleRules) {
    this.#bytes = bytes;
    this.#rules = rules;
    this.#stack = new PickleStack((message) => bytes.failure(message));
  }

  run(): PickleValue {
    const most = this.#rules.mostOpcodes ?? Infinity;
    for (let count = 1; ; count++) {
      const opcode = this.#bytes.opcode();
      if (count > most) throw this.#failure(`there are more than ${most} opcodes`);
      // STOP
      if (opcode === 0x2e) return this.#stack.pop();
      this.#execute(opcode);
    }
  }

  #execute(opcode: number): void {
    const stack = this.#stack;
    const bytes = this.#bytes;
    switch (opcode) {
      case 0x80: // PROTO
        bytes.skip(1);
        return;
      case 0x95: // FRAME
        bytes.skip(8);
        return;
      case 0x28: // MARK
        stack.mark();
        return;
      case 0x4e: // NONE
        stack.push(null);
        return;
      case 0x88: // NEWTRUE
        stack.push(true);
        return;
      case 0x89: // NEWFALSE
        stack.push(false);
        return;
      case 0x4b: // BININT1
        stack.push(bytes.uint(1));
        return;
      case 0x4d: // BININT2
        stack.push(bytes.uint(2));
        return;
      case 0x4a: // BININT
        stack.push(bytes.int32());
        return;
      case 0x8a: // LONG1
        stack.push(this.#long(bytes.uint(1)));
        return;
      case 0x47: // BINFLOAT
        stack.push(bytes.float64());
        return;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(bytes.text(bytes.uint(1)));
        return;
      case 0x58: // BINUNICODE
        stack.push(bytes.text(bytes.uint(4)));
        return;
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
        stack.push([]);
        return;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(stack.popMany(opcode - 0x84));
        return;
      case 0x74: // TUPLE
      case 0x6c: // LIST
        stack.push(stack.popToMark());
        return;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        return;
      case 0x64: // DICT
        stack.push(this.#setItems(new Map(), stack.popToMark()));
        return;
      case 0x61: // APPEND
        this.#append(stack.popMany(1));
        return;
      case 0x65: // APPENDS
        this.#append(stack.popToMark());
        return;
      case 0x73: // SETITEM
        this.#setOnTop(stack.popMany(2));
        return;
      case 0x75: // SETITEMS
        this.#setOnTop(stack.popToMark());
        return;
      case 0x71: // BINPUT
        this.#memo.set(bytes.uint(1), stack.top());
        return;
      case 0x72: // LONG_BINPUT
        this.#memo.set(bytes.uint(4), stack.top());
        return;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, stack.top());
        return;
      case 0x68: // BINGET
        stack.push(this.#recall(bytes.uint(1)));
        return;
      case 0x6a: // LONG_BINGET
        stack.push(this.#recall(bytes.uint(4)));
        return;
      case 0x30: // POP
        stack.pop();
        return;
      case 0x51: // BINPERSID
        stack.push(new PicklePersistent(stack.pop()));
        return;
      case 0x63: // GLOBAL
        stack.push(this.#global(bytes.line(), bytes.line()));
        return;
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = stack.popMany(2);
        stack.push(this.#global(this.#asText(module), this.#asText(name)));
        return;
      }
      case 0x52: // REDUCE
        this.#reduce();
        return;
      case 0x62: // BUILD
        this.#build();
        return;
      default:
        if (!this.#rules.objects || !this.#executeOnObjects(opcode))
          throw this.#failure(`opcode ${opcodeName(opcode)} is none that ${this.#rules.purpose} need`);
    }
  }

  /** Opcodes that only objects and their arrays need; whether this is one. */
  #executeOnObjects(opcode: number): boolean {
    const stack = this.#stack;
    const bytes = this.#bytes;
    switch (opcode) {
      case 0x43: // SHORT_BINBYTES
        stack.push(bytes.run(bytes.uint(1)));
        return true;
      case 0x42: // BINBYTES
        stack.push(bytes.run(bytes.uint(4)));
        return true;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(bytes.run(bytes.uint64()));
        return true;
      case 0x55: // SHORT_BINSTRING
        stack.push(bytes.text(bytes.uint(1)));
        return true;
      case 0x8f: // EMPTY_SET
        stack.push([]);
        return true;
      case 0x90: // ADDITEMS
        this.#append(stack.popToMark());
        return true;
      case 0x91: // FROZENSET
        stack.push(stack.popToMark());
        return true;
      case 0x81: // NEWOBJ
        this.#reduce();
        return true;
      case 0x32: // DUP
        stack.push(stack.top());
        return true;
      case 0x31: // POP_MARK
        stack.popToMark();
        return true;
      default:
        return false;
    }
  }

  /** A bigint where objects may have one (the state of a random generator). */
  #long(width: number): number | bigint {
    const widest = this.#rules.objects ? 64 : 8;
    if (width > widest) throw this.#failure(`an integer of ${width} bytes, expected at most ${widest}`);
    const whole = this.#bytes.integer(width);
    const rounded = Number(whole);
    if (Number.isSafeInteger(rounded)) return rounded;
    if (!this.#rules.objects) throw this.#failure(`the integer ${rounded} is too large`);
    return whole;
  }

  #append(values: readonly PickleValue[]): void {
    const list = this.#stack.top();
    if (!Array.isArray(list)) throw this.#failure('something is appended to what is no list');
    for (const value of values) list.push(value);
  }

  #setOnTop(items: readonly PickleValue[]): void {
    const map = this.#stack.top();
    if (!(map instanceof Map)) throw this.#failure('items are set of what is no dictionary');
    this.#setItems(map, items);
  }

  #setItems(map: Map<PickleValue, PickleValue>, items: readonly PickleValue[]): Map<PickleValue, PickleValue> {
    if (items.length % 2 !== 0) throw this.#failure('a key of a dictionary has no value');
    for (let i = 0; i < items.length; i += 2) map.set(items[i]!, items[i + 1]!);
    return map;
  }

  #recall(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#failure(`memo ${index} was never set`);
    return value;
  }

  #asText(value: PickleValue | undefined): string {
    if (typeof value !== 'string') throw this.#failure('a global’s name is no string');
    return value;
  }

  #global(module: string, name: string): PickleGlobal {
    const full = `${module}.${name}`;
    if (!this.#rules.globals.has(full))
      throw this.#failure(
        `the global '${full.slice(0, 200)}' is none that ${this.#rules.purpose} need; nothing of it was run`,
      );
    return new PickleGlobal(full);
  }

  #reduce(): void {
    const [callee, args] = this.#stack.popMany(2);
    if (!(callee instanceof PickleGlobal) || !Array.isArray(args))
      throw this.#failure('a call is of no function, or without a tuple of arguments');
    if (callee.name !== 'collections.OrderedDict') {
      this.#stack.push(new PickleCall(callee.name, args));
      return;
    }
    // Only an empty one: the same long list of pairs, made into dictionaries again and again, would take quadratic time.
    if (args.length > 0) throw this.#failure('an OrderedDict is made with arguments');
    this.#stack.push(new Map());
  }

  /** Attributes of an ordered dictionary (PyTorch's `_metadata`) are dropped, those of an object kept beside its arguments. */
  #build(): void {
    const state = this.#stack.pop();
    const target = this.#stack.top();
    if (this.#rules.objects && target instanceof PickleCall) target.state = state;
    else if (!(target instanceof Map)) throw this.#failure('attributes are set of what is no dictionary');
  }

  #failure(message: string): Error {
    return this.#bytes.failure(message);
  }
}

function opcodeName(opcode: number): string {
  const hex = `0x${opcode.toString(16).padStart(2, '0')}`;
  const name = opcodeNames[opcode];
  return name === undefined ? hex : `${name} (${hex})`;
}
