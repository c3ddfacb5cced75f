// What is true of the document, in words. It may say "Saved" a moment late and never early.
import type { SharedDocument, Status } from 'coedit';
import { element } from './dom.js';

interface Wording {
  readonly text: string;
  /** Said too while edits wait. */
  readonly kept?: string;
}

const keptText = 'changes are kept in this tab';

const wordings: { readonly [K in Status]: Wording } = {
  connecting: { text: 'Connecting…', kept: keptText },
  synchronised: { text: 'Saved' },
  saving: { text: 'Saving…' },
  saved: { text: 'Saved' },
  'read-only': { text: 'Read-only' },
  rejected: { text: 'An edit was refused' },
  reconnecting: { text: 'Reconnecting…', kept: keptText },
  offline: { text: 'Offline', kept: keptText },
  closed: { text: 'Disconnected' },
};

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
  private announced = '';
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
    const { text, kept } = wordings[status];
    const detail = unsaved && kept !== undefined ? kept : '';
    this.node.dataset['status'] = status;
    if (this.text.textContent !== text) this.text.textContent = text;
    if (this.detail.textContent !== detail) {
      this.separator.textContent = detail === '' ? '' : ' · ';
      this.detail.textContent = detail;
    }
    this.node.title = detail === '' ? '' : `${text} – ${detail}`;
    this.announceLater(detail === '' ? text : `${text}, ${detail}`);
  }

  /** Speaks of the connection, and of "Saved" only after it was in doubt; not of every pause in typing. */
  private announceLater(words: string): void {
    clearTimeout(this.announceTimer);
    const { shown } = this;
    if (shown === 'saving' || (shown === 'saved' && this.announced === '')) return;
    this.announceTimer = setTimeout(() => {
      if (words === this.announced) return;
      this.announcer.textContent = words;
      this.announced = shown === 'saved' ? '' : words;
    }, announceAfterMs);
  }
}
