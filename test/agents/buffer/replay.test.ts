import { describe, expect, it } from 'vitest';
import { Replay, transitionBatch } from '../../../agents/buffer/replay.ts';
import { shuffle } from '../../../core/shuffle.ts';
import { rng } from '../../../core/rng.ts';

function filled(capacity: number, count: number): Replay {
  const replay = new Replay(capacity, 2, 1);
  const row = transitionBatch(1, 2, 1);
  for (let i = 0; i < count; i++) {
    row.observation.set([i, -i]);
    row.nextObservation.set([i + 1, -i - 1]);
    row.action[0] = i / 10;
    row.reward[0] = 3 * i;
    row.terminated[0] = i % 2;
    replay.add(row, 0);
  }
  return replay;
}

function seen(replay: Replay): Set<number> {
  const batch = transitionBatch(20_000, 2, 1);
  replay.sample(rng(5), 20_000, batch);
  return new Set(batch.reward.map((reward) => reward / 3));
}

describe('Replay', () => {
  it('keeps the latest transitions and overwrites the oldest', () => {
    const replay = filled(10, 14);
    expect(replay.size).toBe(10);
    expect([...seen(replay)].sort((a, b) => a - b)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  });

  it('grows past its first allocation without losing one', () => {
    const replay = filled(100_000, 9000);
    expect(replay.size).toBe(9000);
    const saved = replay.save();
    expect(saved['reward']).toEqual(Float32Array.from({ length: 9000 }, (_, i) => 3 * i));
  });

  it('keeps the parts of a transition together', () => {
    const batch = transitionBatch(50, 2, 1);
    filled(10, 23).sample(rng(6), 50, batch);
    for (let row = 0; row < 50; row++) {
      const i = batch.reward[row]! / 3;
      expect([...batch.observation.subarray(2 * row, 2 * row + 2)]).toEqual([i, -i]);
      expect([...batch.nextObservation.subarray(2 * row, 2 * row + 2)]).toEqual([i + 1, -i - 1]);
      expect(batch.action[row]).toBe(Math.fround(i / 10));
      expect(batch.terminated[row]).toBe(i % 2);
    }
  });

  it('restores to the same samples and goes on alike', () => {
    for (const count of [7, 10, 23]) {
      const replay = filled(10, count);
      const other = new Replay(10, 2, 1);
      other.restore(replay.save());
      const row = transitionBatch(1, 2, 1);
      row.reward[0] = 300;
      replay.add(row, 0);
      other.add(row, 0);
      expect(other.save()).toEqual(replay.save());
    }
  });
});

describe('shuffle', () => {
  it('is a permutation, and every place is equally likely', () => {
    const draw = rng(8);
    const counts = new Float64Array(16);
    for (let trial = 0; trial < 4000; trial++) {
      const order = Int32Array.of(0, 1, 2, 3);
      shuffle(order, draw);
      expect([...order].sort((a, b) => a - b)).toEqual([0, 1, 2, 3]);
      for (let place = 0; place < 4; place++) counts[4 * place + order[place]!]! += 1;
    }
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120); // 4.4 deviations
  });
});
