import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { afterEach, describe, expect, it } from 'vitest';
import { faultlineIn } from '../support/faultline.ts';
import { killCommands, startCommand } from '../support/command-process.ts';
import { smallScenario, writeModels } from '../support/model-folder.ts';
import { hasRedis, openRedis } from '../support/redis-server.ts';
import { tempFolder, until } from '../support/server.ts';

afterEach(killCommands);

const cells = [0.05, 0.1, 0.2];
const seeds = [0, 1, 2, 3];

/** Twelve runs, each long enough to be killed in its midst. */
async function writeSweep(folder: string): Promise<void> {
  await writeModels(folder);
  const scenario = smallScenario({ steps: 300, attack: { name: 'bifurcation', config: { steps: 20 } } });
  const sweep = {
    name: 'kill',
    scenario: { ...scenario, victim: { policy: './small-ppo' } },
    vary: { '/attacks/0/threat/epsilon': cells },
    seeds,
  };
  writeFileSync(join(folder, 'sweep.json'), JSON.stringify(sweep));
}

describe.skipIf(!hasRedis)('kill -9 in the midst of a sweep', () => {
  it('of a worker, of the Redis and of the command itself: every episode once, and the same means to the last bit', async () => {
    using folder = tempFolder();
    const { path } = folder;
    await writeSweep(path);
    const undisturbed = await faultlineIn(path, ['sweep', 'sweep.json', '--workers', '2', '--out', 'local']);
    expect(undisturbed.code, undisturbed.stderr).toBe(0);

    await using redis = await openRedis(path);
    const worker = (): ReturnType<typeof startCommand> =>
      startCommand(path, ['worker', '--redis', redis.url, '--data', path, '--stalled-after', '3']);
    const command = ['sweep', 'sweep.json', '--executor', 'redis', '--redis', redis.url, '--out', 'remote'];
    const runs = join(path, 'remote', 'runs');
    const done = (): number => (existsSync(runs) ? readdirSync(runs).filter((f) => f.endsWith('.json')).length : 0);
    const reaches = (count: number): Promise<unknown> => until(`${count} runs`, () => done() >= count, 120_000);

    const workers = [worker(), worker()];
    const first = startCommand(path, command);
    await reaches(2);
    await workers[0]!.kill('SIGKILL');
    workers.push(worker());
    await reaches(4);
    await redis.kill();
    const before = done();
    await redis.start();
    await reaches(before + 2);
    expect(done()).toBeLessThan(cells.length * seeds.length);
    await first.kill('SIGKILL');
    const second = startCommand(path, command);
    expect(await second.ended, second.said()).toBe(0);

    const result = readFileSync(join(path, 'remote', 'result.json'), 'utf8');
    expect(result).toBe(readFileSync(join(path, 'local', 'result.json'), 'utf8'));
    expect(done()).toBe(cells.length * seeds.length);
    const file = new Uint8Array(readFileSync(join(path, 'remote', 'episodes.parquet'))).buffer;
    const rows = await parquetReadObjects({ file });
    const expected = cells.flatMap(() => seeds.flatMap((seed) => [`${seed} clean`, `${seed} bifurcation`]));
    expect(rows.map((row) => `${row['seed']} ${row['attack']}`)).toEqual(expected);
    // The killed worker's job was seen to be without it, and the others heard of the Redis that went and came.
    const said = workers.map((one) => one.said());
    expect(said.join('')).toContain('had lost its worker and goes back to the queue');
    expect(said[1]).toContain('connected again');
    for (const one of workers.slice(1)) {
      await one.kill('SIGTERM');
      expect(await one.ended, one.said()).toBe(0);
    }
  }, 600_000);
});
