import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Backoff } from '../src/backoff.js';
import { jsonCodec } from '../src/codec_json.js';
import { Connection, type ConnectionStatus, type WebSocketConstructor } from '../src/connection.js';
import { type CoeditError, codes, retriesAfterClose } from '../src/errors.js';
import type { ServerMessage } from '../src/messages.js';
import { MemorySocket } from '../src/testing.js';

const sockets: MemorySocket[] = [];
class RecordedSocket extends MemorySocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols);
    sockets.push(this);
  }
}
const last = (): MemorySocket => sockets.at(-1) as MemorySocket;
const kindsSent = (socket: MemorySocket): string[] =>
  socket.sent.flatMap((frame) => (JSON.parse(frame as string) as { messages: object[] }).messages.map((message) => Object.keys(message)[0] as string));

const welcome = (messageBytes = 262144): string =>
  JSON.stringify({
    messages: [
      {
        welcome: {
          sessionId: 's',
          user: { id: 'u', name: 'n', color: '#000000' },
          limits: { messageBytes, deltaComponents: 4096, documentUnits: 1, catchUpRevisions: 1, presenceBytes: 1, signalBytes: 1 },
          heartbeatSeconds: 20,
          server: 's',
          capabilities: [],
        },
      },
    ],
  });
const frame = (...messages: object[]): string => JSON.stringify({ messages });

interface Heard {
  readonly statuses: ConnectionStatus[];
  readonly errors: CoeditError[];
  readonly messages: ServerMessage[];
  ups: number;
  downs: number;
}

function start(hello = (attempt: number) => ({ protocol: 1, clientId: 'c', attempt, sdk: 's', capabilities: [] as string[] })): { connection: Connection; heard: Heard } {
  const heard: Heard = { statuses: [], errors: [], messages: [], ups: 0, downs: 0 };
  const connection = new Connection('ws://x/v1/ws', jsonCodec, RecordedSocket as unknown as WebSocketConstructor, {
    hello,
    up: () => heard.ups++,
    down: () => heard.downs++,
    message: (message) => heard.messages.push(message),
    status: (status) => heard.statuses.push(status),
    error: (error) => heard.errors.push(error),
  });
  connection.start();
  return { connection, heard };
}

/** Lets promises settle. */
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

async function up(messageBytes?: number): Promise<ReturnType<typeof start>> {
  const started = start();
  await settle();
  last().open();
  last().message(welcome(messageBytes));
  return started;
}

beforeEach(() => {
  vi.useFakeTimers();
  sockets.length = 0;
  vi.spyOn(Math, 'random').mockReturnValue(0.999999);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('beginning', () => {
  test('hello is the first message, and nothing else goes before the welcome', async () => {
    const { connection, heard } = start();
    await settle();
    expect(last().protocols).toEqual(['coedit.v1.json']);
    expect(connection.send({ kind: 'ping', value: { nonce: 1 } })).toBe(false);
    last().open();
    expect(kindsSent(last())).toEqual(['hello']);
    expect(connection.status).toBe('connecting');
    last().message(welcome());
    expect(connection.status).toBe('connected');
    expect(heard.ups).toBe(1);
    connection.send({ kind: 'leave', value: { channel: 1 } });
    connection.send({ kind: 'leave', value: { channel: 2 } });
    await settle();
    // Those of one turn leave as one frame.
    expect(last().sent).toHaveLength(2);
    expect(kindsSent(last())).toEqual(['hello', 'leave', 'leave']);
    connection.dispose();
  });

  test('attempts rise', async () => {
    const attempts: number[] = [];
    const { connection } = start((attempt) => {
      attempts.push(attempt);
      return { protocol: 1, clientId: 'c', attempt, sdk: 's', capabilities: [] };
    });
    for (let i = 0; i < 4; i++) {
      await settle();
      last().end(1006);
      await vi.advanceTimersByTimeAsync(500 * 2 ** i);
    }
    expect(attempts).toEqual([1, 2, 3, 4, 5]);
    connection.dispose();
  });

  test('a server that never answers is given up after 10 s', async () => {
    const { connection } = start();
    await settle();
    last().open();
    await vi.advanceTimersByTimeAsync(9_999);
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1 + 500);
    expect(sockets).toHaveLength(2);
    connection.dispose();
  });

  test('a hello that cannot be made (no token to be had) is tried again', async () => {
    let fails = 2;
    const { connection, heard } = start((attempt) => {
      if (fails-- > 0) throw new Error('no token');
      return { protocol: 1, clientId: 'c', attempt, sdk: 's', capabilities: [] };
    });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(heard.errors).toHaveLength(2);
    expect(sockets).toHaveLength(1);
    connection.dispose();
  });

  test('frames stay within what the server takes', async () => {
    const { connection } = await up(100);
    for (let i = 0; i < 10; i++) connection.send({ kind: 'leave', value: { channel: i + 1 } });
    await settle();
    const frames = last().sent.slice(1) as string[];
    expect(frames.length).toBeGreaterThan(1);
    for (const sent of frames) expect(sent.length).toBeLessThanOrEqual(100);
    expect(kindsSent(last())).toHaveLength(11);
    connection.dispose();
  });
});

describe('liveness', () => {
  test('a ping after 20 s of silence, the end 10 s later', async () => {
    const { connection, heard } = await up();
    await vi.advanceTimersByTimeAsync(19_999);
    expect(kindsSent(last())).toEqual(['hello']);
    await vi.advanceTimersByTimeAsync(1);
    expect(kindsSent(last())).toEqual(['hello', 'ping']);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(connection.status).toBe('connected');
    await vi.advanceTimersByTimeAsync(1);
    expect(connection.status).toBe('reconnecting');
    expect(heard.downs).toBe(1);
    connection.dispose();
  });

  test('any byte is a sign of life', async () => {
    const { connection } = await up();
    for (let i = 0; i < 6; i++) {
      await vi.advanceTimersByTimeAsync(15_000);
      last().message(frame({ pong: { nonce: 0 } }));
    }
    expect(kindsSent(last())).toEqual(['hello']);
    await vi.advanceTimersByTimeAsync(20_000);
    last().message(frame({ pong: { nonce: 1 } }));
    await vi.advanceTimersByTimeAsync(15_000);
    expect(connection.status).toBe('connected');
    expect(sockets).toHaveLength(1);
    connection.dispose();
  });

  test('what the platform says of the network is tried, not believed', async () => {
    const target = new EventTarget();
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    const navigator = { onLine: true };
    vi.stubGlobal('document', page);
    vi.stubGlobal('navigator', navigator);
    vi.stubGlobal('addEventListener', target.addEventListener.bind(target));
    vi.stubGlobal('removeEventListener', target.removeEventListener.bind(target));
    const { connection } = await up();

    navigator.onLine = false;
    target.dispatchEvent(new Event('offline'));
    await settle();
    expect(kindsSent(last()).at(-1)).toBe('ping');
    last().message(frame({ pong: { nonce: 1 } }));
    await vi.advanceTimersByTimeAsync(3_000);
    // The socket answered: it is up, whatever the platform says.
    expect(connection.status).toBe('connected');

    target.dispatchEvent(new Event('offline'));
    await vi.advanceTimersByTimeAsync(2_499);
    expect(connection.status).toBe('connected');
    await vi.advanceTimersByTimeAsync(1);
    expect(connection.status).toBe('offline');

    // Let the pauses grow, then come back: no waiting.
    for (let i = 0; i < 6; i++) {
      await vi.advanceTimersByTimeAsync(31_000);
      last().end(1006);
    }
    const before = sockets.length;
    navigator.onLine = true;
    target.dispatchEvent(new Event('online'));
    await settle();
    expect(sockets.length).toBe(before + 1);
    expect(connection.status).toBe('reconnecting');
    // That one hangs: it was begun on the old network.
    target.dispatchEvent(new Event('online'));
    await settle();
    expect(sockets.length).toBe(before + 2);
    // Back from the cache of pages while an attempt is under way: that one goes on.
    target.dispatchEvent(new Event('pageshow'));
    await settle();
    expect(sockets.length).toBe(before + 2);
    last().open();
    last().message(welcome());

    // Coming back to the tab probes.
    page.dispatchEvent(new Event('visibilitychange'));
    await settle();
    expect(kindsSent(last())).toEqual(['hello', 'ping']);
    await vi.advanceTimersByTimeAsync(2_500);
    expect(connection.status).toBe('reconnecting');
    connection.dispose();
    expect(connection.status).toBe('closed');
  });
});

describe('coming back', () => {
  test('full jitter under a doubling ceiling, up to 30 s', async () => {
    const { connection } = await up();
    const ceilings = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000];
    for (const ceiling of ceilings) {
      const before = sockets.length;
      last().end(1006);
      await vi.advanceTimersByTimeAsync(ceiling - 2);
      expect(sockets.length).toBe(before);
      await vi.advanceTimersByTimeAsync(2);
      expect(sockets.length).toBe(before + 1);
    }
    vi.mocked(Math.random).mockReturnValue(0);
    last().end(1006);
    const before = sockets.length;
    await settle();
    expect(sockets.length).toBe(before + 1);
    connection.dispose();
  });

  test('after ten failures in a row the server is left in peace', async () => {
    const { connection } = await up();
    vi.mocked(Math.random).mockReturnValue(0);
    for (let failure = 0; failure < 10; failure++) {
      last().end(1006);
      await settle();
    }
    expect(sockets).toHaveLength(11);
    for (const random of [0, 0.5]) {
      vi.mocked(Math.random).mockReturnValue(random);
      const before = sockets.length;
      last().end(1006);
      await vi.advanceTimersByTimeAsync(30_000 + random * 30_000 - 1);
      expect(sockets).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(sockets).toHaveLength(before + 1);
    }
    // One that works closes the circuit, when it lasts.
    last().open();
    last().message(welcome());
    for (let t = 0; t < 60_000; t += 10_000) {
      await vi.advanceTimersByTimeAsync(10_000);
      last().message(frame({ pong: { nonce: 0 } }));
    }
    const before = sockets.length;
    vi.mocked(Math.random).mockReturnValue(0);
    last().end(1006);
    await settle();
    expect(sockets).toHaveLength(before + 1);
    connection.dispose();
  });

  test('a pause the server asks for is kept, an absurd one is cut', async () => {
    const backoff = new Backoff(() => 0);
    expect(backoff.nextMs({ afterMs: 12_345 })).toBe(12_345);
    // More than this and the platform's timer would not wait at all.
    expect(backoff.nextMs({ afterMs: 2 ** 32 - 1 })).toBe(600_000);
  });

  test('a token that does not come does not hold up the connection for ever', async () => {
    let asked = 0;
    const { connection, heard } = start((attempt) => {
      asked++;
      const hello = { protocol: 1, clientId: 'c', attempt, sdk: 's', capabilities: [] as string[] };
      return (asked === 1 ? new Promise(() => undefined) : hello) as never;
    });
    await vi.advanceTimersByTimeAsync(29_999);
    expect([asked, sockets.length]).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(501);
    expect([asked, sockets.length, heard.errors.map(({ code }) => code)]).toEqual([2, 1, ['unauthenticated']]);
    connection.dispose();
  });

  test('the pauses start small again after a minute that went well, not before', async () => {
    const { connection } = await up();
    const again = async (forMs: number): Promise<number> => {
      for (let t = 0; t < forMs; t += 10_000) {
        await vi.advanceTimersByTimeAsync(Math.min(10_000, forMs - t));
        last().message(frame({ pong: { nonce: 0 } }));
      }
      const before = sockets.length;
      last().end(1006);
      let waited = 0;
      while (sockets.length === before) {
        await vi.advanceTimersByTimeAsync(100);
        waited += 100;
      }
      last().open();
      last().message(welcome());
      return waited;
    };
    expect(await again(0)).toBe(500);
    expect(await again(50_000)).toBe(1_000);
    expect(await again(50_000)).toBe(2_000);
    expect(await again(60_000)).toBe(500);
    connection.dispose();
  });

  test('goAway: leaves by itself and comes back when told, spread over 2 s', async () => {
    const { connection, heard } = await up();
    const first = last();
    last().message(frame({ goAway: { afterMs: 5_000, reason: 'restart' } }));
    expect(connection.status).toBe('connected');
    await vi.advanceTimersByTimeAsync(2_000);
    expect(first.readyState).toBe(3);
    expect(heard.downs).toBe(1);
    await vi.advanceTimersByTimeAsync(6_990);
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(10);
    expect(sockets).toHaveLength(2);
    connection.dispose();
  });

  test('1012 is a restart: the first pause is spread over 2 s', async () => {
    const { connection } = await up();
    last().end(1012);
    await vi.advanceTimersByTimeAsync(1_990);
    expect(sockets).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(10);
    expect(sockets).toHaveLength(2);
    connection.dispose();
  });

  test.each(Object.entries(codes).filter(([, row]) => 'close' in row))('the code %s', async (code, row) => {
    const { connection, heard } = await up();
    last().message(frame({ error: { code, text: 'why' } }));
    last().end('close' in row ? row.close : 1000);
    await vi.advanceTimersByTimeAsync(40_000);
    const stops = row.action === 'stop';
    expect(connection.status).toBe(stops ? 'closed' : 'reconnecting');
    expect(sockets.length === 1).toBe(stops);
    expect(heard.errors[0]).toMatchObject({ code, message: 'why' });
    connection.dispose();
  });

  test.each([
    [1000, true], [1001, true], [1002, true], [1006, true], [1008, true], [1011, true], [1012, true], [1013, true],
    [1003, false], [1007, false], [1009, false], [4401, false], [4409, false], [4503, true], [4999, true],
  ])('close code %i', (code, retries) => {
    expect(retriesAfterClose(code)).toBe(retries);
  });

  test('bytes that are no protocol end the connection, and the third time for good', async () => {
    const { connection, heard } = await up();
    for (let i = 0; i < 3; i++) {
      expect(connection.status).not.toBe('closed');
      last().message('nonsense');
      expect(last().closedWith).toBe(4400);
      await vi.advanceTimersByTimeAsync(5_000);
      if (i < 2) {
        last().open();
        last().message(welcome());
      }
    }
    expect(connection.status).toBe('closed');
    expect(heard.errors.every((error) => error.code === 'bad_message')).toBe(true);
    connection.start();
    await settle();
    expect(sockets).toHaveLength(4);
    connection.dispose();
  });

  test('an old socket that speaks late is not heard', async () => {
    const { connection, heard } = await up();
    const old = last();
    connection.start();
    await settle();
    last().open();
    last().message(welcome());
    old.readyState = 1;
    old.message(frame({ role: { channel: 1, role: 'reader' } }));
    old.end(4401);
    expect(heard.messages).toEqual([]);
    expect(connection.status).toBe('connected');
    connection.dispose();
  });
});
