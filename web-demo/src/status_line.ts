// What is true of the document, in words. It may say "Saved" a moment late and never early.
import type { SharedDocument, Status } from 'coedit';
import { element } from './dom.js';

interface Wording {
  readonly text: string;
  /** Says too where the edits are that wait. */
  readonly tellsPlace?: true;
}

/** Where what is unsaved is. On the device it outlives the page; in the tab it does not. */
const places = {
  keeping: 'keeping changes on this device…',
  device: 'changes are kept on this device',
  tab: 'changes are kept in this tab',
} as const;

const wordings: { readonly [K in Status]: Wording } = {
  connecting: { text: 'Connecting…', tellsPlace: true },
  synchronised: { text: 'Saved' },
  saving: { text: 'Saving…' },
  saved: { text: 'Saved' },
  'read-only': { text: 'Read-only' },
  rejected: { text: 'An edit was refused' },
  reconnecting: { text: 'Reconnecting…', tellsPlace: true },
  offline: { text: 'Offline', tellsPlace: true },
  closed: { text: 'Disconnected' },
};

/** For a window in which there is no room for the whole words. */
const placesInShort = { keeping: 'keeping it…', device: 'kept on device', tab: 'kept in tab' } as const;

/** A change is on the device within milliseconds, or else the device does not take it. */
const keptWithinMs = 1_000;
const lookEveryMs = 50;
/** Between two keys the text is saved each time: the words stay at "Saving…" until that calms down. */
const savedAfterMs = 300;
/** What is over sooner is not worth interrupting a screen reader. */
const announceAfterMs = 1_500;

export class StatusLine {
  readonly node: HTMLElement;
  private readonly text = element('span', { class: 'status-text' });
  private readonly separator = element('span', { class: 'status-separator' });
  private readonly detail = element('span', { class: 'status-detail' });
  private readonly announcer = element('span', { class: 'visually-hidden', role: 'status' });
  private savedTimer: ReturnType<typeof setTimeout> | undefined;
  private announceTimer: ReturnType<typeof setTimeout> | undefined;
  private placeTimer: ReturnType<typeof setTimeout> | undefined;
  /** Since when everything, or not everything, is on the device. */
  private keptSince: { readonly kept: boolean; readonly at: number } | null = null;
  private place: keyof typeof places | null = null;
  private announced = '';
  private toAnnounce = '';
  private shown: Status = 'connecting';

  constructor(private readonly shared: SharedDocument) {
    this.node = element(
      'p',
      { class: 'status' },
      element('span', { class: 'status-light', 'aria-hidden': 'true' }),
      element('span', { class: 'status-words' }, this.text, this.separator, this.detail),
      this.announcer,
    );
    shared.on('status', () => this.update());
    // Edits while the connection is down change what there is to keep, not the status.
    shared.on('change', () => this.update());
    this.show();
  }

  /** Whoever has not written yet reads the same words as after writing. */
  private get statusNow(): Status {
    const { status } = this.shared;
    return status === 'synchronised' ? 'saved' : status;
  }

  private update(): void {
    const status = this.statusNow;
    if (status === 'saved' && this.shown === 'saving') {
      this.savedTimer ??= setTimeout(() => this.show(), savedAfterMs);
      return;
    }
    this.show();
  }

  private show(): void {
    clearTimeout(this.savedTimer);
    this.savedTimer = undefined;
    const { unsaved } = this.shared;
    const status = this.statusNow;
    this.shown = status;
    const { text, tellsPlace = false } = wordings[status];
    this.findPlace(unsaved && tellsPlace);
    const detail = this.place === null ? '' : places[this.place];
    this.node.dataset['status'] = status;
    if (this.text.textContent !== text) this.text.textContent = text;
    if (this.detail.textContent !== detail) {
      this.separator.textContent = detail === '' ? '' : ' · ';
      this.detail.textContent = detail;
      this.detail.dataset['short'] = this.place === null ? '' : placesInShort[this.place];
    }
    this.node.title = detail === '' ? '' : `${text} – ${detail}`;
    this.announceLater(detail === '' ? text : `${text}, ${detail}`);
  }

  /** Nothing tells when the device has a change: it is looked at until it has, or has had its time. */
  private findPlace(asked: boolean): void {
    clearTimeout(this.placeTimer);
    if (!asked) {
      this.place = this.keptSince = null;
      return;
    }
    const now = performance.now();
    const { kept } = this.shared;
    if (this.keptSince?.kept !== kept) this.keptSince = { kept, at: now };
    const forMs = now - this.keptSince.at;
    // Between two keys, too, everything is on the device: the words wait until that calms down.
    if (kept && (forMs >= savedAfterMs || this.place === 'device')) this.place = 'device';
    else if (!kept && (forMs >= keptWithinMs || this.place === 'tab')) this.place = 'tab';
    else this.place = 'keeping';
    if (this.place !== 'device') this.placeTimer = setTimeout(() => this.show(), this.place === 'tab' ? keptWithinMs : lookEveryMs);
  }

  /** Speaks of the connection, and of "Saved" only after it was in doubt; not of every pause in typing. */
  private announceLater(words: string): void {
    const { shown } = this;
    if (words === this.toAnnounce && shown !== 'saving') return;
    this.toAnnounce = words;
    clearTimeout(this.announceTimer);
    if (shown === 'saving' || (shown === 'saved' && this.announced === '')) return;
    this.announceTimer = setTimeout(() => {
      if (words === this.announced) return;
      this.announcer.textContent = words;
      this.announced = shown === 'saved' ? '' : words;
    }, announceAfterMs);
  }
}
