import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { mergeCommand } from '../../cli/command/merge.ts';
import { serveCommand } from '../../cli/command/serve.ts';
import { sweepCommand } from '../../cli/command/sweep.ts';
import { workerCommand } from '../../cli/command/worker.ts';
import { scenarioFrom } from '../../core/scenario.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { readSweep } from '../../cli/sweep-file.ts';
import { expandSweep } from '../../server/sweep.ts';
import type { SweepSpec } from '../../server/sweep.ts';

const root = join(import.meta.dirname, '..', '..');
const deploy = join(root, 'deploy');
const documents = (file: string): unknown[] =>
  parseAllDocuments(readFileSync(join(deploy, file), 'utf8'), { merge: true }).map((one) => {
    expect(one.errors).toEqual([]);
    return one.toJS() as unknown;
  });

const commands: Readonly<Record<string, () => Command>> = {
  sweep: sweepCommand,
  worker: workerCommand,
  serve: serveCommand,
  merge: mergeCommand,
};

/** Parses a command line with the options of the real command, which does not run. @throws what the command line would print */
async function accept([name, ...args]: readonly string[]): Promise<Command> {
  expect(Object.keys(commands)).toContain(name);
  const command = commands[name!]!()
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  await command.action(() => {}).parseAsync(args, { from: 'user' });
  return command;
}

const limits = z.looseObject({ cpus: z.string(), memory: z.string() });
const service = z.strictObject({
  image: z.string(),
  build: z.looseObject({ context: z.string(), dockerfile: z.string() }).optional(),
  user: z.string().refine((user) => user !== 'root' && user !== '0'),
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  tmpfs: z.array(z.string()),
  init: z.boolean().optional(),
  profiles: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string().startsWith('127.0.0.1:')).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).default({}),
  healthcheck: z.looseObject({ test: z.array(z.string()).optional(), disable: z.boolean().optional() }),
  stop_grace_period: z.string().optional(),
  restart: z.literal('unless-stopped').optional(),
  deploy: z.strictObject({ replicas: z.int().optional(), resources: z.strictObject({ limits }) }),
});
const compose = z.looseObject({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.strictObject({})),
});

describe('the Docker Compose file', () => {
  const { services, volumes } = compose.parse(documents('compose.yaml')[0]);

  it('has a server, workers, a Redis that forgets nothing, and sweeps over it', () => {
    expect(Object.keys(services)).toEqual(['redis', 'worker', 'server', 'sweep']);
    const redis = services['redis']!.command.join(' ');
    for (const option of ['--appendonly yes', '--maxmemory-policy noeviction', '--requirepass'])
      expect(redis).toContain(option);
  });

  it.each(['worker', 'server', 'sweep'])('%s is called as the command line is', async (name) => {
    const { entrypoint = [], command } = services[name]!;
    const bin = entrypoint.indexOf('/app/cli/bin.mjs');
    await accept([...entrypoint.slice(bin + 1), ...command]);
  });

  it('has the sweeps of the server and those of the command line done by the same workers', () => {
    const redis = services['worker']!.environment['FAULTLINE_REDIS'];
    for (const name of ['server', 'sweep']) {
      const { entrypoint = [], command, environment, depends_on } = services[name]!;
      expect([...entrypoint, ...command].join(' ')).toContain('--executor redis');
      expect([environment['FAULTLINE_REDIS'], Object.keys(depends_on)]).toEqual([redis, ['redis']]);
    }
  });

  it('names volumes and services that there are, and every long-lived service has a health check or says why not', () => {
    for (const [name, { volumes: mounted, depends_on, healthcheck, restart }] of Object.entries(services)) {
      for (const mount of mounted.filter((one) => !one.startsWith('.')))
        expect(Object.keys(volumes)).toContain(mount.split(':')[0]);
      for (const mount of mounted.filter((one) => one.startsWith('.'))) expect(mount).toMatch(/:ro$/);
      for (const other of Object.keys(depends_on)) expect(services[other]?.healthcheck.test).toBeDefined();
      if (restart !== undefined && name !== 'worker') expect(healthcheck.test).toBeDefined();
    }
  });

  it('keeps no secret: passwords and tokens come from the environment, or it does not start', () => {
    const text = readFileSync(join(deploy, 'compose.yaml'), 'utf8');
    for (const [, value] of text.matchAll(/(?:PASSWORD|TOKEN): (.*)$/gm)) expect(value).toMatch(/^\$\{\w+:\?/);
  });
});

const confined = z.looseObject({
  allowPrivilegeEscalation: z.literal(false),
  readOnlyRootFilesystem: z.literal(true),
  capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]) }),
});
const resources = z.strictObject({ cpu: z.string(), memory: z.string() });
const job = z.looseObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('Job'),
  spec: z.looseObject({
    completionMode: z.literal('Indexed').optional(),
    completions: z.int().optional(),
    parallelism: z.int().optional(),
    backoffLimit: z.int(),
    template: z.strictObject({
      spec: z.looseObject({
        restartPolicy: z.literal('Never'),
        automountServiceAccountToken: z.literal(false),
        securityContext: z.looseObject({ runAsNonRoot: z.literal(true), runAsUser: z.int().min(1) }),
        containers: z.tuple([
          z.strictObject({
            name: z.string(),
            image: z.string(),
            env: z.array(z.looseObject({ name: z.string() })).default([]),
            args: z.array(z.string()),
            resources: z.strictObject({ requests: resources, limits: resources }),
            securityContext: confined,
            volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
          }),
        ]),
        volumes: z.array(z.looseObject({ name: z.string() })),
      }),
    }),
  }),
});

describe('the Kubernetes manifests', () => {
  const [config, claim, shards] = documents('kubernetes/shards.yaml') as [
    { data: Record<string, string> },
    { kind: string },
    unknown,
  ];
  const { spec } = job.parse(shards);
  const [shard] = spec.template.spec.containers;
  const merge = job.parse(documents('kubernetes/merge.yaml')[0]);

  it('do every run in some pod, and merge all of the pods’ folders', async () => {
    expect([spec.completionMode, spec.completions]).toEqual(['Indexed', spec.parallelism]);
    const n = spec.completions!;
    const outs: string[] = [];
    for (let index = 0; index < n; index++) {
      const args = shard.args.map((arg) => arg.replaceAll('$(INDEX)', String(index)));
      const { shard: own, out } = (await accept(args)).opts() as { shard: object; out: string };
      expect(own).toEqual({ index, count: n });
      outs.push(out);
    }
    const [merging] = merge.spec.template.spec.containers;
    expect((await accept(merging.args)).args).toEqual(outs);
    expect(shard.env).toEqual([expect.objectContaining({ name: 'INDEX' })]);
  });

  it('have a sweep in them that is one, and volumes for what is mounted', () => {
    expect(claim.kind).toBe('PersistentVolumeClaim');
    const [document] = parseAllDocuments(config.data['sweep.yaml']!);
    const sweep = document!.toJS() as SweepSpec;
    const runs = expandSweep({ ...sweep, scenario: scenarioFrom(sweep.scenario, 'sweep', schema) });
    expect(runs.length * sweep.seeds.length).toBeGreaterThanOrEqual(spec.completions!);
    for (const { template } of [spec, merge.spec]) {
      const there = template.spec.volumes.map(({ name }) => name);
      for (const { name } of template.spec.containers[0].volumeMounts) expect(there).toContain(name);
    }
  });
});

it('the Dockerfile copies what there is, builds by scripts that there are, and ends as no root', () => {
  const text = readFileSync(join(deploy, 'Dockerfile'), 'utf8');
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: object };
  expect(Object.keys(scripts)).toContain('build');
  expect(text.match(/^FROM /gm)).toHaveLength(2);
  expect(text.trimEnd().split('\n').filter((line) => line.startsWith('USER')).at(-1)).toBe('USER node'); // prettier-ignore
  const built = new Set(['node_modules', 'dist']);
  for (const [, name] of text.matchAll(/\/app\/([\w./-]+)(?= )/g))
    if (!built.has(name!)) expect([name, existsSync(join(root, name!))]).toEqual([name, true]);
});

it.each(readdirSync(join(root, 'examples', 'sweeps')))('examples/sweeps/%s is a sweep', (file) => {
  const spec = readSweep(join(root, 'examples', 'sweeps', file), { vary: {} });
  expect(expandSweep(spec).length).toBeGreaterThan(1);
});
