// What a bad network does to this page, for demonstrations: the conditions of its connection, what is
// under way, and five bots for company.
import type { Client, SharedDocument } from 'coedit';
import { BotParty } from './bots/bot_party.js';
import { element, icon } from './dom.js';
import { type Conditions, type NetworkLab, type Way, goodConditions } from './network/lab_socket.js';
import { SaveClock } from './network/save_clock.js';

const drawEveryMs = 250;
const delayMaxMs = 2_000;
const delayStepMs = 50;

const ways: readonly { readonly way: Way; readonly label: string; readonly hint: string }[] = [
  { way: 'open', label: 'Open', hint: 'Bytes flow' },
  { way: 'cut', label: 'Cut', hint: 'Connections end, none comes up' },
  { way: 'silent', label: 'Silent', hint: 'Nothing arrives, nothing ends' },
];

const speeds: readonly (readonly [label: string, bytesPerSecond: number | null])[] = [
  ['No limit', null],
  ['50 kB/s', 50_000],
  ['5 kB/s', 5_000],
  ['500 B/s', 500],
];

const drops: readonly (readonly [label: string, everyMs: number | null])[] = [
  ['Never', null],
  ['About every 20 s', 20_000],
  ['About every 5 s', 5_000],
];

function select<T>(id: string, choices: readonly (readonly [string, T])[], chosen: (value: T) => void): HTMLSelectElement {
  const node = element('select', { id, class: 'field' }, ...choices.map(([label], index) => element('option', { value: String(index) }, label)));
  node.addEventListener('change', () => chosen((choices[node.selectedIndex] as readonly [string, T])[1]));
  return node;
}

function units(count: number): string {
  return count === 1 ? '1 character' : `${count.toLocaleString('en')} characters`;
}

function bytes(count: number): string {
  return count < 10_000 ? `${count.toLocaleString('en')} B` : `${Math.round(count / 1_000).toLocaleString('en')} kB`;
}

export interface NetworkPanelOptions {
  readonly shared: SharedDocument;
  readonly client: Client;
  readonly lab: NetworkLab;
  readonly readOnly: boolean;
  /** The conditions are not those of the real network: worth a mark where the panel is out of sight. */
  readonly worse: (worse: boolean) => void;
}

export class NetworkPanel {
  readonly node: HTMLElement;
  readonly bots: BotParty;
  private readonly readings = new Map<string, HTMLElement>();
  private readonly clock: SaveClock;
  private readonly delay = element('input', {
    type: 'range',
    id: 'network-delay',
    class: 'slider',
    min: '0',
    max: String(delayMaxMs),
    step: String(delayStepMs),
    value: '0',
  });
  private readonly delayShown = element('output', { class: 'network-value', for: 'network-delay' }, 'none');
  private readonly speed: HTMLSelectElement;
  private readonly drop: HTMLSelectElement;
  private readonly radios: readonly HTMLInputElement[];
  private readonly reset = element('button', { type: 'button', class: 'button network-reset' }, 'Back to the real network');
  private readonly botButton = element('button', { type: 'button', class: 'button' }, icon('bots'), element('span', { class: 'button-label' }, 'Call five bots'));
  private readonly botWords = element('p', { class: 'side-note', role: 'status' });
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly options: NetworkPanelOptions) {
    const { shared } = options;
    this.clock = new SaveClock(shared);
    this.bots = new BotParty(shared.id, () => this.drawBots());
    this.radios = ways.map(({ way }) => element('input', { type: 'radio', name: 'way', value: way }));
    this.speed = select('network-speed', speeds, (bytesPerSecond) => this.set({ bytesPerSecond }));
    this.drop = select('network-drop', drops, (dropEveryMs) => this.set({ dropEveryMs }));
    this.node = element(
      'div',
      { class: 'network' },
      element('p', { class: 'side-note' }, 'Makes this page’s own connection worse, to see what then happens. Others do not notice.'),
      this.wayChoice(),
      element('div', { class: 'network-row' }, element('label', { for: 'network-delay' }, 'Delay, each way'), this.delayShown, this.delay),
      element('div', { class: 'network-row' }, element('label', { for: 'network-speed' }, 'Speed, each way'), this.speed),
      element('div', { class: 'network-row' }, element('label', { for: 'network-drop' }, 'Drop it'), this.drop),
      this.reset,
      element('h2', { class: 'side-heading' }, 'Under way'),
      this.readingList(),
      element('h2', { class: 'side-heading' }, 'Company'),
      element('div', { class: 'network-bots' }, this.botButton, this.botWords),
    );
    this.delay.addEventListener('input', () => this.set({ delayMs: Number(this.delay.value) }));
    this.reset.addEventListener('click', () => {
      this.set(goodConditions);
      // The button goes; the keyboard stays near it.
      this.radios[0]?.focus();
    });
    this.botButton.addEventListener('click', () => {
      if (this.bots.state === 'off' || this.bots.state === 'failed') this.bots.start();
      else this.bots.stop();
    });
    this.drawConditions();
    this.drawReadings();
    this.drawBots();
  }

  /** Readings are drawn only while somebody looks. */
  setVisible(visible: boolean): void {
    clearInterval(this.timer);
    if (!visible) return;
    this.drawReadings();
    this.timer = setInterval(() => this.drawReadings(), drawEveryMs);
  }

  private wayChoice(): HTMLElement {
    const labels = ways.map(({ way, label, hint }, index) => {
      const radio = this.radios[index] as HTMLInputElement;
      radio.addEventListener('change', () => this.set({ way }));
      return element('label', { class: 'segment', title: hint }, radio, element('span', {}, label));
    });
    return element(
      'fieldset',
      { class: 'network-way' },
      element('legend', { class: 'own-label' }, 'Connection'),
      element('div', { class: 'segments' }, ...labels),
    );
  }

  private readingList(): HTMLElement {
    const row = (id: string, label: string, title: string): HTMLElement => {
      const value = element('dd', { class: 'reading-value' });
      this.readings.set(id, value);
      return element('div', { class: 'reading', title }, element('dt', {}, label), value);
    };
    return element(
      'dl',
      { class: 'readings' },
      row('inFlight', 'In flight', 'Sent, and not on the server’s disk yet as far as this page knows'),
      row('buffer', 'Buffer', 'Typed since; it goes with the next message'),
      row('revision', 'Revision', 'The last one known from the server'),
      row('roundTrip', 'Round trip', 'From the key to the server’s disk and back: the last edit, and the median'),
      row('sent', 'Sent', 'By this page'),
      row('received', 'Received', 'By this page'),
    );
  }

  private set(change: Partial<Conditions>): void {
    const { lab, client, worse } = this.options;
    const before: Conditions = lab.conditions;
    lab.set(change);
    const now: Conditions = lab.conditions;
    this.drawConditions();
    worse(this.isWorse);
    // Who mends the network does not wait for the next try of itself.
    if (before.way !== 'open' && now.way === 'open' && client.status !== 'connected' && client.status !== 'closed') client.reconnect();
  }

  private get isWorse(): boolean {
    const { way, delayMs, bytesPerSecond, dropEveryMs } = this.options.lab.conditions;
    return way !== 'open' || delayMs > 0 || bytesPerSecond !== null || dropEveryMs !== null;
  }

  private drawConditions(): void {
    const { way, delayMs, bytesPerSecond, dropEveryMs } = this.options.lab.conditions;
    for (const radio of this.radios) radio.checked = radio.value === way;
    this.delay.value = String(delayMs);
    this.delayShown.textContent = delayMs === 0 ? 'none' : `${delayMs.toLocaleString('en')} ms`;
    this.delay.setAttribute('aria-valuetext', delayMs === 0 ? 'none' : `${delayMs} milliseconds`);
    this.speed.selectedIndex = speeds.findIndex(([, value]) => value === bytesPerSecond);
    this.drop.selectedIndex = drops.findIndex(([, value]) => value === dropEveryMs);
    this.reset.disabled = !this.isWorse;
  }

  private drawReadings(): void {
    const { shared, lab } = this.options;
    const { inFlight, buffer } = shared.pending;
    const touched = (ops: readonly { readonly insert?: unknown; readonly delete?: number; readonly retain?: unknown }[]): number =>
      ops.reduce((sum, op) => sum + (typeof op.insert === 'string' ? op.insert.length : op.insert !== undefined ? 1 : (op.delete ?? 0)), 0);
    const { last, median } = this.clock;
    this.write('inFlight', inFlight === null ? 'nothing' : units(touched(inFlight.ops)));
    this.write('buffer', buffer.ops.length === 0 ? 'nothing' : units(touched(buffer.ops)));
    this.write('revision', shared.revision.toLocaleString('en'));
    this.write('roundTrip', last === null || median === null ? '–' : `${Math.round(last)} ms (${Math.round(median)} ms)`);
    this.write('sent', bytes(lab.sentBytes));
    this.write('received', bytes(lab.receivedBytes));
  }

  private write(id: string, words: string): void {
    const node = this.readings.get(id);
    if (node !== undefined && node.textContent !== words) node.textContent = words;
  }

  private drawBots(): void {
    const { state, words } = this.bots;
    const label = this.botButton.querySelector('.button-label');
    const away = state === 'off' || state === 'failed';
    if (label !== null) label.textContent = away ? 'Call five bots' : 'Send the bots away';
    this.botWords.textContent = words;
    this.botButton.disabled = this.options.readOnly;
  }
}
