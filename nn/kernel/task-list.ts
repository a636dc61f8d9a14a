import type { KernelFunctions } from './kernel.ts';

/** What a task may call. */
export type TaskCalls = Pick<KernelFunctions, 'gemm' | 'activate' | 'chain' | 'sumRows' | 'transpose' | 'adam'>;

/** In the order of their codes, from 1 on (assembly/crew.ts). */
const taskCalls: readonly (keyof TaskCalls)[] = ['gemm', 'activate', 'chain', 'sumRows', 'transpose', 'adam'];

/** Calls that are written down instead of made, task by task: a code, the arguments in words of 4 bytes, and a 0 after the last call of a task. */
export class TaskList implements TaskCalls {
  #words = new Uint32Array(1024);
  #floats = new Float32Array(this.#words.buffer);
  #length = 0;
  /** Where each task begins, in words. */
  readonly #starts: number[] = [];

  readonly gemm = this.#writer('gemm');
  readonly activate = this.#writer('activate');
  readonly chain = this.#writer('chain');
  readonly sumRows = this.#writer('sumRows');
  readonly transpose = this.#writer('transpose');
  /** From its rate on, the arguments are numbers with a fraction. */
  readonly adam = this.#writer('adam', 5);

  get tasks(): number {
    return this.#starts.length;
  }

  /** Words that `copyTo` needs. */
  get size(): number {
    return this.#length + this.#starts.length;
  }

  clear(): void {
    this.#length = 0;
    this.#starts.length = 0;
  }

  /** Writes down a task. */
  add(task: (calls: TaskCalls) => void): void {
    this.#starts.push(this.#length);
    task(this);
    this.#reserve(1);
    this.#words[this.#length++] = 0;
  }

  /** The table of the tasks' addresses, then the tasks. @param address where the words will lie */
  copyTo(words: Uint32Array, address: number): void {
    const at = address / 4;
    const tasks = address + this.#starts.length * 4;
    for (const [i, start] of this.#starts.entries()) words[at + i] = tasks + start * 4;
    words.set(this.#words.subarray(0, this.#length), tasks / 4);
  }

  #writer(name: keyof TaskCalls, whole = Infinity): (...numbers: readonly number[]) => void {
    const code = taskCalls.indexOf(name) + 1;
    return (...numbers) => {
      this.#reserve(1 + numbers.length);
      this.#words[this.#length++] = code;
      for (let i = 0; i < numbers.length; i++) (i < whole ? this.#words : this.#floats)[this.#length++] = numbers[i]!;
    };
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#words.length) return;
    const words = new Uint32Array(2 * this.#words.length);
    words.set(this.#words);
    this.#words = words;
    this.#floats = new Float32Array(words.buffer);
  }
}
