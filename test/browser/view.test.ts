import { describe, expect, it } from 'vitest';
import { replayRows, ViewStore } from '../../server/console/live/view.ts';

const nothing = (): void => {};

describe('what the charts of a page show', () => {
  it('of the whole run has a range that grows in steps of less than a hundredth, and holds all rows', () => {
    const view = new ViewStore(null, () => {});
    let steps = 0;
    for (let rows = 2; rows < 9000; rows++) {
      const { from, to, until } = view.window(rows);
      expect([from, to]).toEqual([0, rows]);
      expect(until).toBeGreaterThanOrEqual(rows);
      expect(until - rows).toBeLessThan(Math.max(1, rows / 100));
      if (rows > 4000 && until !== view.window(rows - 1).until) steps++;
    }
    expect(steps).toBeLessThan(200);
  });

  it('follows the newest rows until it is held, and again when it is let go', () => {
    const view = new ViewStore(10, nothing);
    expect(view.window(4)).toEqual({ from: 0, to: 4, until: 10 });
    expect(view.window(25)).toEqual({ from: 15, to: 25, until: 25 });
    view.toggle(25);
    expect(view.window(40)).toEqual({ from: 15, to: 25, until: 25 });
    view.scrub(1, 40);
    expect(view.window(40)).toEqual({ from: 0, to: 1, until: 10 });
    view.scrub(99, 40);
    expect(view.window(40).to).toBe(40);
    view.toggle(40);
    expect(view.window(41).to).toBe(41);
  });

  it('shows numbers of the row under the pointer, else of the pinned one, else of the newest shown', () => {
    const view = new ViewStore(10, nothing);
    expect(view.row(0)).toBe(-1);
    expect(view.row(30)).toBe(29);
    view.pinAt(25, 30);
    view.point(22.4, 30);
    expect(view.row(30)).toBe(22);
    view.point(null, 30);
    expect(view.row(40)).toBe(25);
    // Rows that come in the meantime do not push the pinned one out.
    expect(view.window(40)).toMatchObject({ from: 20, to: 30 });
    view.pinAt(null, 40);
    expect(view.row(40)).toBe(29);
  });

  it('brings a pinned row that is out of sight into the middle', () => {
    const view = new ViewStore(10, nothing);
    view.pinAt(50, 100);
    expect(view.window(100)).toMatchObject({ from: 45, to: 55 });
    view.pinAt(99, 100);
    expect(view.window(100)).toMatchObject({ from: 90, to: 100 });
    view.pinAt(1000, 100);
    expect(view.row(100)).toBe(99);
  });

  it('steps the pinned cursor, else the end of the window', () => {
    const view = new ViewStore(10, nothing);
    view.step(-1, 50);
    expect(view.get().frozenAt).toBe(49);
    view.step(-100, 50);
    expect(view.get().frozenAt).toBe(1);
    view.pinAt(5, 50);
    view.step(1, 50);
    expect(view.row(50)).toBe(6);
  });

  it('replays at its speed, and at the end follows a run that goes on and stops on one that is over', () => {
    const view = new ViewStore(48, nothing);
    view.play(480);
    expect(view.get()).toMatchObject({ playing: true, frozenAt: 432 });
    view.advance(1, 480, false);
    expect(view.get().frozenAt).toBe(432 + replayRows);
    view.speedUp(-1);
    view.advance(0.5, 480, false);
    expect(view.get().frozenAt).toBe(432 + 1.25 * replayRows);
    view.advance(60, 480, false);
    expect(view.get()).toMatchObject({ playing: false, frozenAt: null });
    view.play(480);
    view.advance(60, 480, true);
    expect(view.get()).toMatchObject({ playing: false, frozenAt: 480 });
    // What was over begins anew.
    view.play(480);
    expect(view.get()).toMatchObject({ playing: true, frozenAt: 432 });
    view.scrub(100, 480);
    view.advance(1, 480, true);
    expect(view.get()).toMatchObject({ playing: false, frozenAt: 100 });
  });

  it('goes round in the window in which the loop was asked for', () => {
    const view = new ViewStore(48, nothing);
    view.scrub(200, 480);
    view.toggleLoop(480);
    view.play(480);
    expect(view.get().frozenAt).toBe(152);
    view.advance(1.5, 480, true);
    expect(view.get().frozenAt).toBe(188);
    view.advance(1, 480, true);
    expect(view.get()).toMatchObject({ playing: true, frozenAt: 152 });
    view.toggleLoop(480);
    expect(view.get().loop).toBeNull();
  });

  it('keeps to the speeds there are', () => {
    const view = new ViewStore(48, nothing);
    for (let k = 0; k < 20; k++) view.speedUp(1);
    expect(view.get().speed).toBe(16);
    for (let k = 0; k < 20; k++) view.speedUp(-1);
    expect(view.get().speed).toBe(0.25);
  });
});
