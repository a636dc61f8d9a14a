import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, FaultlineError, PolicyFileError, StateError, UnknownNameError } from '../core/errors.ts';
import { catalogue } from '../evaluation/vocabulary.ts';
import { AskedThread } from './asked-thread.ts';
import { NotFoundError, TooManyError } from './problem.ts';
import { provenance } from './provenance.ts';
import { openPolicyReader } from './run-thread.ts';
import { modelNames } from './workspace.ts';
import type { PolicyOutcome, PolicyTarget, PolicyTask } from './worker-messages.ts';

/** What an upload made. */
export interface UploadedPolicy {
  readonly name: string;
  readonly title: string;
  readonly format: string;
  readonly origin: string;
  readonly layers: readonly number[];
  readonly head: string;
  /** SHA-256 of what was sent. */
  readonly sha256: string;
  readonly notes: readonly string[];
}

/** An upload; `like` names a policy whose features are meant. */
export interface Upload extends Omit<PolicyTask, 'target'> {
  readonly title: string | undefined;
  readonly like: string | undefined;
  readonly district: string | undefined;
  readonly building: string;
  readonly normalisation: string | undefined;
}

/** Policies that a store takes. */
const maxPolicies = 500;

/** The policies that were uploaded, `<store>/policies/<name>/`: a folder each, of the three files that a policy of ours is. It is there whole or not at all. */
export class Policies implements AsyncDisposable {
  readonly folder: string;
  readonly #modelsDir: string;
  readonly #roots: readonly string[];
  readonly #thread = new AskedThread<PolicyTask, PolicyOutcome>({
    open: openPolicyReader,
    what: 'policies',
    maxWaiting: 4,
    timeoutMs: 30_000,
    idleMs: 30_000,
  });

  constructor(store: string, modelsDir: string, roots: readonly string[]) {
    this.folder = join(store, 'policies');
    this.#modelsDir = modelsDir;
    this.#roots = roots;
  }

  /** Those that ship, then those that were uploaded, with the titles of their cards. */
  list(): readonly { readonly name: string; readonly title: string }[] {
    return [...modelNames(this.#modelsDir), ...modelNames(this.folder)];
  }

  /**
   * Reads a file and keeps it as a policy. The same upload again answers the same; `made` says which it was.
   * @throws {StateError} where the name is taken by another
   * @throws {PolicyFileError} or another named error for whatever cannot be read or does not fit
   */
  async add(upload: Upload): Promise<{ readonly policy: UploadedPolicy; readonly made: boolean }> {
    const { name, bytes, title } = upload;
    if (modelNames(this.#modelsDir).some((model) => model.name === name))
      throw new StateError(`'${name}' is a policy that ships; give yours another name`);
    if (catalogue['controllers']!.some((rule) => rule.name === name))
      throw new StateError(`'${name}' is a rule of ours; give yours another name`);
    const { bytes: _bytes, ...said } = upload;
    const identity = createHash('sha256').update(JSON.stringify(said)).update(bytes).digest('hex');
    const known = this.#known(name, identity);
    if (known !== undefined) return { policy: known, made: false };
    if (modelNames(this.folder).length >= maxPolicies)
      throw new TooManyError(`${maxPolicies} policies were uploaded already: remove some`);
    const { file, set, statistics, format, reads, options } = upload;
    const target = this.#target(upload);
    const outcome = await this.#read({ name, file, set, statistics, bytes, format, reads, options, target });
    if (outcome.type === 'failed') throw refused(outcome);
    const again = this.#known(name, identity); // another may have come while this one was read
    if (again !== undefined) return { policy: again, made: false };
    const policy: UploadedPolicy = {
      name,
      title: title ?? `${outcome.origin}, uploaded`,
      format: outcome.format,
      origin: outcome.origin,
      layers: outcome.layers,
      head: outcome.head,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      notes: outcome.notes,
    };
    this.#write(outcome, policy, identity);
    return { policy, made: true };
  }

  /** @throws {NotFoundError} for a name that was not uploaded */
  remove(name: string): void {
    if (!uploadName.test(name) || !existsSync(join(this.folder, name)))
      throw new NotFoundError(`no policy '${name.slice(0, 80)}' was uploaded`);
    rmSync(join(this.folder, name), { recursive: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#thread[Symbol.asyncDispose]();
  }

  async #read(task: PolicyTask): Promise<PolicyOutcome> {
    try {
      return await this.#thread.ask(() => task);
    } catch (cause) {
      if (cause instanceof FaultlineError) throw cause;
      throw new PolicyFileError('cannot be read within the time and memory that a policy may take', { cause });
    }
  }

  /** What an earlier upload under a name made. @throws {StateError} when it was another */
  #known(name: string, identity: string): UploadedPolicy | undefined {
    const file = join(this.folder, name, 'card.json');
    if (!existsSync(file)) return undefined;
    const card = JSON.parse(readFileSync(file, 'utf8')) as Card;
    if (card.identity !== identity)
      throw new StateError(`there is a policy '${name}' of another file or other options: remove it first`);
    const { title, source, layers, head, notes } = card;
    const { format, origin, sha256 } = source;
    return { name, title, format, origin, layers, head, sha256, notes };
  }

  #target({ like, district, building, normalisation }: Upload): PolicyTarget {
    if (like !== undefined && district !== undefined)
      throw new ConfigError('got like and district, expected one of them: each says what is observed');
    if (district !== undefined) {
      const [roots, modelsDir] = [this.#roots, this.#modelsDir];
      return { kind: 'district', dataset: district, building, normalisation, roots, modelsDir };
    }
    if (like === undefined) return { kind: 'none', normalisation };
    const folder = [this.#modelsDir, this.folder].find((one) => modelNames(one).some((model) => model.name === like));
    if (folder === undefined)
      throw new UnknownNameError(
        'policy',
        like,
        this.list().map((one) => one.name),
      );
    return { kind: 'like', card: readFileSync(join(folder, like, 'policy.json'), 'utf8'), name: like, normalisation };
  }

  #write(
    { file, card, weights }: Extract<PolicyOutcome, { type: 'done' }>,
    { name, title, layers, head, notes, ...source }: UploadedPolicy,
    identity: string,
  ): void {
    const about = {
      format: 'faultline-card',
      name,
      title,
      algorithm: 'import',
      source: { file, ...source },
      layers,
      head,
      notes,
      identity,
      ...provenance(),
    };
    const [folder, partial] = [join(this.folder, name), join(this.folder, `.${name}.tmp`)];
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    for (const [own, content] of [
      ['policy.json', card],
      ['policy.safetensors', weights],
      ['card.json', `${JSON.stringify(about, null, 2)}\n`],
    ] as const)
      writeFileSync(join(partial, own), content, { flush: true });
    renameSync(partial, folder);
  }
}

/** What of card.json an upload is known by. */
interface Card extends Pick<UploadedPolicy, 'title' | 'layers' | 'head' | 'notes'> {
  readonly source: Pick<UploadedPolicy, 'format' | 'origin' | 'sha256'>;
  readonly identity: string;
}

/** A name becomes a folder's only when it can be nothing else. */
export const uploadName = /^[a-zA-Z0-9][\w.-]{0,63}$/;

/** An error of the thread as it would be here. What we did not foresee is no fault of the sender's, but of what was sent all the same. */
function refused({ reason, code }: Extract<PolicyOutcome, { type: 'failed' }>): FaultlineError {
  return code === null ? new PolicyFileError(`cannot be read: ${reason}`) : new NamedFault(reason, code);
}

class NamedFault extends FaultlineError {
  readonly code: string;

  constructor(reason: string, code: string) {
    super(reason.split('\n'));
    this.code = code;
  }
}
