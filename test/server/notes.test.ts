import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../core/errors.ts';
import { connect } from '../../server/client/index.ts';
import type { NoteEvent, Problem, StepNote } from '../../server/events.ts';
import { NoteFeed } from '../../server/note-feed.ts';
import { maxWaiting } from '../../server/pump.ts';
import type { TelemetrySocket } from '../../server/pump.ts';
import { maxNotes } from '../../server/step-notes.ts';
import { StoreError } from '../../server/store-error.ts';
import { Store } from '../../server/store.ts';
import { smallScenario } from '../support/model-folder.ts';
import { writeRecordedRuns } from '../support/recorded-run.ts';
import {
  api,
  connected,
  launch,
  openServer,
  posted,
  runOf,
  telemetryClient,
  tempFolder,
  until,
} from '../support/server.ts';
import type { TelemetryClient, TestServer } from '../support/server.ts';

interface Notes {
  readonly notes: readonly StepNote[];
  readonly next: number;
}

let folder: ReturnType<typeof tempFolder>;
let server: TestServer;
let url: string;
beforeAll(async () => {
  folder = tempFolder();
  const store = join(folder.path, 'store');
  writeRecordedRuns(
    store,
    ['written', 'watched', 'kept', 'gone', 'refusing', 'reported', 'tailed'].map((id) => ({ id })),
  );
  server = await openServer({ maxConcurrent: 1, store });
  url = server.url;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const patched = (body: object): RequestInit => ({ ...posted(body), method: 'PATCH' });
const note = async (run: string, step: number, text: string, key?: string): Promise<StepNote> => {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  const { status, body } = await api<StepNote>(url, `/runs/${run}/notes`, posted({ step, text }, headers));
  expect([status, body]).toEqual([201, body]);
  return body;
};
const notesOf = async (run: string): Promise<Notes> => (await api<Notes>(url, `/runs/${run}/notes`)).body;

describe('a note at a step', () => {
  it('of a run that goes on is kept at a step that it has done, and at no other', async () => {
    const { id } = await launch(url, smallScenario({ steps: 400, frameSteps: 4, stepsPerSecond: 40 }));
    const waiting = await launch(url, smallScenario({}));
    await until('its first steps', async () => (await runOf(url, id)).headStep >= 8);
    const kept = await note(id, 3, 'the battery is full before noon');
    expect(kept).toMatchObject({ step: 3, text: 'the battery is full before noon', changedAt: null });
    expect(Math.abs(kept.createdAt - Date.now())).toBeLessThan(60_000);
    const early = await api<Problem>(url, `/runs/${id}/notes`, posted({ step: 399, text: 'not yet' }));
    expect([early.status, early.body.issues?.[0]?.pointer]).toEqual([422, '/step']);
    const none = await api<Problem>(url, `/runs/${waiting.id}/notes`, posted({ step: 0, text: 'not yet' }));
    expect([none.status, none.body.code]).toEqual([409, 'state']);
    for (const one of [waiting.id, id]) await api(url, `/runs/${one}/cancel`, posted({}));
    await until('its end', async () => (await runOf(url, id)).endedAt !== null);
    expect((await notesOf(id)).notes).toEqual([kept]);
  });

  it('is changed, moved and removed; they are listed by step, and among what happened', async () => {
    const [a, b, c] = [
      await note('written', 9, 'nine'),
      await note('written', 2, 'two'),
      await note('written', 9, 'b'),
    ];
    expect((await notesOf('written')).notes).toEqual([b, a, c]);
    const changed = await api<StepNote>(url, `/runs/written/notes/${a.id}`, patched({ step: 1, text: 'one\r\n  <b>' }));
    expect(changed.body).toEqual({ ...a, step: 1, text: 'one\n  <b>', changedAt: expect.any(Number) as number });
    const { next } = await notesOf('written');
    const same = await api<StepNote>(url, `/runs/written/notes/${a.id}`, patched({ step: 1 }));
    expect(same.body).toEqual(changed.body);
    expect((await notesOf('written')).next).toBe(next);
    expect((await api(url, `/runs/written/notes/${c.id}`, { method: 'DELETE' })).status).toBe(204);
    for (const method of ['DELETE', 'PATCH'])
      expect((await api(url, `/runs/written/notes/${c.id}`, { ...posted({}), method })).status).toBe(404);
    expect(await notesOf('written')).toEqual({ notes: [changed.body, b], next: next + 1 });

    const happened = async (query: string) =>
      (await api<{ events: { kind: string }[]; of: number }>(url, `/runs/written/events?${query}`)).body;
    const event = { lane: null, kind: 'note', ended: true };
    const [one, two] = [
      { ...event, about: String(a.id), label: 'one\n  <b>', from: 1, to: 1 },
      { ...event, about: String(b.id), label: 'two', from: 2, to: 2 },
    ];
    expect(await happened('kind=note')).toEqual({ events: [one, two], of: 2 });
    expect(await happened('kind=note&from=2&to=8')).toEqual({ events: [two], of: 1 });
    expect((await happened('')).events.filter(({ kind }) => kind === 'note')).toEqual([one, two]);
    expect((await happened('lane=Building_1/clean')).events.filter(({ kind }) => kind === 'note')).toEqual([]);
  });

  it('is one however often it is sent under a key', async () => {
    const first = await note('kept', 1, 'once', 'key');
    expect(await note('kept', 1, ' once\r\n', 'key')).toEqual(first);
    await api(url, `/runs/kept/notes/${first.id}`, patched({ text: 'changed since' }));
    expect(await note('kept', 1, 'once', 'key')).toMatchObject({ id: first.id, text: 'changed since' });
    const other = await api<Problem>(
      url,
      '/runs/kept/notes',
      posted({ step: 2, text: 'x' }, { 'idempotency-key': 'key' }),
    );
    expect([other.status, other.body.code]).toEqual([409, 'state']);
    await note('watched', 0, 'of another run', 'key');
    await api(url, `/runs/kept/notes/${first.id}`, { method: 'DELETE' });
    expect((await note('kept', 2, 'x', 'key')).id).toBeGreaterThan(first.id);
  });

  it('stays over compaction and a new start of the server, and goes with its run', async () => {
    await using other = await openServer();
    const store = join(other.folder, 'store');
    await other.server.close();
    writeRecordedRuns(store, [{ id: 'a' }, { id: 'b' }]);
    {
      using opened = new Store(store, 0);
      opened.notes.add('a', { step: 4, text: 'before' }, 1, 'key');
      opened.notes.add('b', { step: 5, text: 'of b' }, 1);
      await opened.compact('a');
      opened.annotate('a', { archived: true });
      await opened.warehouse[Symbol.asyncDispose]();
    }
    using again = new Store(store, 9);
    expect(again.notes.list('a')).toEqual([{ id: 0, step: 4, text: 'before', createdAt: 1, changedAt: null }]);
    expect(again.notes.add('a', { step: 4, text: 'before' }, 2, 'key').id).toBe(0);
    again.remove('a');
    expect([again.notes.list('a'), again.notes.next('a'), again.notes.list('b').length]).toEqual([[], 0, 1]);
    await again.warehouse[Symbol.asyncDispose]();
  });

  it('is in the report, as a text that it is', async () => {
    await note('reported', 7, '</script><script>alert(1)</script> & "more"\nsecond line');
    await note('reported', 0, 'first');
    const html = (await api<string>(url, '/runs/reported/report.html')).body;
    expect(html).toContain(
      '<dt>step 7</dt><dd dir="auto" class="said">&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;\nsecond line</dd>',
    );
    expect(html.match(/<script/g)).toHaveLength(1); // the JSON block
    const { notes } = (await api<{ notes: StepNote[] }>(url, '/runs/reported/report.json')).body;
    expect(notes.map(({ step }) => step)).toEqual([0, 7]);
    expect((await api<string>(url, '/runs/gone/report.html')).body).not.toContain('<h2>Notes');
  });
});

describe('what is refused', () => {
  it.each<[unknown, number, string]>([
    [{ step: 0 }, 422, '/text'],
    [{ text: 'x' }, 422, '/step'],
    [{ step: -1, text: 'x' }, 422, '/step'],
    [{ step: 0.5, text: 'x' }, 422, '/step'],
    [{ step: '1', text: 'x' }, 422, '/step'],
    [{ step: 1e21, text: 'x' }, 422, '/step'],
    [{ step: 16, text: 'x' }, 422, '/step'],
    [{ step: 0, text: ' \r\n\t ' }, 422, '/text'],
    [{ step: 0, text: 'x'.repeat(2001) }, 422, '/text'],
    [{ step: 0, text: 'x'.repeat(60_000) }, 422, '/text'],
    [{ step: 0, text: 'a\0b' }, 422, '/text'],
    [{ step: 0, text: '\u001b[31m' }, 422, '/text'],
    [{ step: 0, text: '\ud800' }, 422, '/text'],
    [{ step: 0, text: ['x'] }, 422, '/text'],
    [{ step: 0, text: 'x', by: 'me' }, 422, '/by'],
    [JSON.parse('{"step": 0, "text": "x", "__proto__": {"polluted": 1}}'), 422, '/__proto__'],
    [[], 422, '/'],
    [{ step: 0, text: 'x'.repeat(70_000) }, 413, ''],
  ])('%j', async (body, status, pointer) => {
    const before = await notesOf('refusing');
    const sent = await api<Problem>(url, '/runs/refusing/notes', posted(body));
    expect([sent.status, sent.body.issues?.[0]?.pointer ?? '']).toEqual([status, pointer]);
    expect(sent.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await notesOf('refusing')).toEqual(before);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  it('runs and notes that are none, a key that is too long', async () => {
    const body = { step: 0, text: 'x' };
    expect((await api(url, '/runs/nobody/notes', posted(body))).status).toBe(404);
    expect((await api(url, '/runs/nobody/notes')).status).toBe(404);
    for (const id of ['0', '-1', '1e3', 'x', '%00', '9'.repeat(30), "0' or '1'='1"])
      for (const method of ['PATCH', 'DELETE'])
        expect([
          id,
          (await api(url, `/runs/refusing/notes/${encodeURIComponent(id)}`, { ...posted({ text: 'x' }), method }))
            .status,
        ]).toEqual([id, 404]);
    const long = await api(url, '/runs/refusing/notes', posted(body, { 'idempotency-key': 'k'.repeat(201) }));
    expect(long.status).toBe(422);
    expect((await api(url, '/runs/refusing/notes', { method: 'POST', body: 'step=0' })).status).toBe(415);
  });

  it('what any text may be comes back as it was sent', async () => {
    const texts = [
      "'; drop table step_note; --",
      '{{7*7}}',
      '😀 zürich \u202e',
      '<img src=x onerror=alert(1)>',
      '__proto__',
    ];
    for (const text of texts) await note('gone', 0, text);
    expect((await notesOf('gone')).notes.map(({ text }) => text)).toEqual(texts);
  });

  it(`more than ${maxNotes} of a run, those that were removed included`, () => {
    using place = tempFolder();
    writeRecordedRuns(place.path, [{ id: 'full' }]);
    using store = new Store(place.path, 0);
    for (let k = 0; k < maxNotes; k++) store.notes.add('full', { step: 0, text: `${k}` }, 1);
    store.notes.remove('full', 5);
    expect(() => store.notes.add('full', { step: 0, text: 'one more' }, 1)).toThrow(ConfigError);
    expect(store.notes.list('full')).toHaveLength(maxNotes - 1);
  });
});

describe('who watches', () => {
  const heard = (socket: TelemetryClient): NoteEvent[] => {
    const events: NoteEvent[] = [];
    socket.on('event', (event) => events.push(event));
    return events;
  };
  const follow = (socket: TelemetryClient, runId: string, eventsFrom?: number): Promise<{ readonly ok: boolean }> =>
    new Promise((resolve) =>
      socket.emit('run:subscribe', { runId, ...(eventsFrom === undefined ? {} : { eventsFrom }) }, resolve),
    );

  it('a run that is over hears each change once and in order, and after a cut those that it lacks', async () => {
    const kept = await notesOf('watched');
    const first = await note('watched', 3, 'first');
    const socket = telemetryClient(url);
    await connected(socket);
    const events = heard(socket);
    expect((await follow(socket, 'watched')).ok).toBe(true);
    await until('what there is', () => events.length === kept.notes.length + 1);
    await api(url, `/runs/watched/notes/${first.id}`, patched({ text: 'changed' }));
    const second = await note('watched', 4, 'second');
    await until('what is new', () => events.length === kept.notes.length + 3);
    expect(events.slice(-3).map(({ id, seq, note: said }) => [id, seq, said?.text])).toEqual([
      [first.id, kept.next, 'first'],
      [first.id, kept.next + 1, 'changed'],
      [second.id, kept.next + 2, 'second'],
    ]);
    socket.disconnect();

    await api(url, `/runs/watched/notes/${second.id}`, { method: 'DELETE' });
    const again = telemetryClient(url);
    await connected(again);
    const since = heard(again);
    await follow(again, 'watched', events.at(-1)!.seq + 1);
    const removed = { runId: 'watched', seq: kept.next + 3, kind: 'note', id: second.id, note: null };
    await until('what it lacks', () => since.length > 0);
    expect(since).toEqual([removed]);
    again.emit('run:unsubscribe', { runId: 'watched' });
    await follow(again, 'kept');
    await note('watched', 5, 'nobody listens');
    await note('kept', 5, 'somebody does');
    await until('the note of the other', () => since.some((one) => one.note?.text === 'somebody does'));
    expect(since.filter(({ runId }) => runId === 'watched')).toEqual([removed]);
    again.disconnect();
  });

  it('over server-sent events hears them before the end', async () => {
    const text = await (await fetch(`${url}/api/v1/runs/kept/stream`)).text();
    const sent = [...text.matchAll(/^event: note\ndata: (.*)$/gm)].map(([, data]) => JSON.parse(data!) as NoteEvent);
    const { notes } = await notesOf('kept');
    expect(sent.flatMap((one) => one.note ?? []).sort((a, b) => a.step - b.step || a.id - b.id)).toEqual(notes);
  });

  it('by the client: writes, changes, removes, and is told by a tail', async () => {
    const lab = connect(url);
    const one = await lab.addNote('tailed', { step: 1, text: 'one' }, 'k');
    expect(await lab.addNote('tailed', { step: 1, text: 'one' }, 'k')).toEqual(one);
    const two = await lab.addNote('tailed', { step: 2, text: 'two' });
    expect(await lab.changeNote('tailed', one.id, { text: 'uno' })).toMatchObject({ id: one.id, text: 'uno' });
    expect(await lab.removeNote('tailed', two.id)).toBeUndefined();
    expect((await lab.notes('tailed')).map(({ text }) => text)).toEqual(['uno']);
    await expect(lab.removeNote('tailed', two.id)).rejects.toMatchObject({ problem: { status: 404 } });
    const events: NoteEvent[] = [];
    for await (const _frame of lab.tail('tailed', { onNote: (event) => events.push(event) })) void _frame;
    expect(events.map(({ id, note: said }) => [id, said?.text])).toEqual([
      [one.id, 'uno'],
      [two.id, undefined],
    ]);
  });

  it.each([-1, 0.5, '0', null, 2 ** 40, {}])('from %j is refused', async (eventsFrom) => {
    const socket = telemetryClient(url);
    await connected(socket);
    const answer = (await follow(socket, 'watched', eventsFrom as number)) as { ok: boolean; problem?: Problem };
    expect([answer.ok, answer.problem?.issues?.[0]?.pointer]).toEqual([false, '/eventsFrom']);
    socket.disconnect();
  });
});

/** A socket whose packets leave when the test says so. */
class SlowSocket {
  readonly sent: NoteEvent[] = [];
  readonly writeBuffer: unknown[] = [];
  readonly conn = Object.assign(new EventEmitter(), {
    writeBuffer: this.writeBuffer,
    transport: Object.assign(new EventEmitter(), { socket: { bufferedAmount: 0 } }),
  });
  readonly problems: Problem[] = [];
  emit(name: string, event: NoteEvent | Problem): void {
    if (name === 'problem') this.problems.push(event as Problem);
    else this.sent.push(event as NoteEvent);
    this.writeBuffer.push({});
  }
  drain(): void {
    this.writeBuffer.length = 0;
    this.conn.emit('drain');
  }
}

describe('a feed', () => {
  it('to one that reads at any pace is in order, bounded, and ends in what there is', () => {
    using place = tempFolder();
    writeRecordedRuns(place.path, [{ id: 'a' }]);
    using store = new Store(place.path, 0);
    const act = fc.oneof(
      fc.record({ what: fc.constant('add' as const), step: fc.nat(9) }),
      fc.record({ what: fc.constantFrom('change' as const, 'remove' as const), step: fc.nat(40) }),
      fc.constant({ what: 'drain' as const, step: 0 }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        store.notes.forget('a');
        const socket = new SlowSocket();
        using feed = new NoteFeed(socket as unknown as TelemetrySocket, store.notes, 4);
        feed.follow('a', 0);
        for (const { what, step } of acts) {
          const there = store.notes.list('a');
          const one = there[step % Math.max(1, there.length)];
          if (what === 'add') store.notes.add('a', { step, text: 'x' }, 1);
          else if (what === 'drain') socket.drain();
          else if (one !== undefined && what === 'change') store.notes.change('a', one.id, { step }, 2);
          else if (one !== undefined) store.notes.remove('a', one.id);
          feed.hear('a');
          expect(socket.writeBuffer.length).toBeLessThanOrEqual(maxWaiting);
        }
        for (let k = 0; k < 10; k++) socket.drain();
        const seqs = socket.sent.map(({ seq }) => seq);
        expect(seqs).toEqual([...new Set(seqs)].toSorted((a, b) => a - b));
        const known = new Map(socket.sent.map((event) => [event.id, event.note]));
        const left = [...known.values()].filter((said) => said !== null);
        expect(left.toSorted((a, b) => a.step - b.step || a.id - b.id)).toEqual(store.notes.list('a'));
      }),
      { numRuns: 60 },
    );
  });

  it('from a catalogue that cannot be read is a problem, and no fault of the server', () => {
    const socket = new SlowSocket();
    const changes = (): never => {
      throw new StoreError('database disk image is malformed');
    };
    using feed = new NoteFeed(socket as unknown as TelemetrySocket, { changes }, 4);
    feed.follow('a', 0);
    feed.hear('a');
    expect([socket.sent, socket.problems.map(({ code }) => code)]).toEqual([[], ['store']]);
  });

  it('follows the runs that were asked for last', () => {
    using place = tempFolder();
    writeRecordedRuns(
      place.path,
      ['a', 'b', 'c'].map((id) => ({ id })),
    );
    using store = new Store(place.path, 0);
    const socket = new SlowSocket();
    using feed = new NoteFeed(socket as unknown as TelemetrySocket, store.notes, 2);
    for (const id of ['a', 'b', 'c']) feed.follow(id, 0);
    for (const id of ['a', 'b', 'c']) {
      store.notes.add(id, { step: 0, text: id }, 1);
      feed.hear(id);
    }
    expect(socket.sent.map(({ runId }) => runId)).toEqual(['b', 'c']);
  });
});
