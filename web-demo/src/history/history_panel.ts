// The history of a document: any revision of it, who wrote what, what changed since, and the way back.
//
// Restoring goes through `document.apply` and not through the server's `restore`: it is then an edit of this
// person like any other, shown at once, kept while there is no connection, and taken back by undo; and what
// they typed a moment ago and is not saved yet is part of what it replaces.
import '../styles/history.css';
import { type Delta, type SharedDocument, diffDocuments } from 'coedit';
import { element, icon, iconButton } from '../dom.js';
import { confirmed } from './confirm_dialog.js';
import { historyIcon } from './history_icons.js';
import { type ShownChange, shownChange, shownText, withAuthors, withChanges, withCurrent } from './marked_text.js';
import { numberOf, timeOf } from './moments.js';
import { Playback } from './playback.js';
import { type HistoryApi, RevisionSource, type Wanted } from './revision_source.js';
import type { RevisionView } from './revision_view.js';
import { TimelineModel } from './timeline_model.js';
import { Transport } from './transport.js';
import { VersionsList } from './versions_list.js';

export interface HistoryOptions {
  readonly api: HistoryApi;
  readonly document: SharedDocument;
  readonly editorKind: 'quill' | 'codemirror';
  /** Filled by the panel, and emptied when it closes. */
  readonly host: HTMLElement;
  /** The panel is gone, by its own button, by Escape or by `close`. Called once. */
  readonly onClose?: () => void;
}

export interface OpenHistory {
  close(): void;
}

/** So long after the last move of the slider all around it is fetched. */
const restAfterMs = 150;
/** A text that comes sooner shows no sign of waiting. */
const waitingAfterMs = 200;
/** The band and the times of what others write meanwhile are asked for this often at most. */
const timelineEveryMs = 5_000;
/** What others write meanwhile is followed this often at most. */
const headEveryMs = 400;
const timelinePoints = 1_000;
/** While playing the text follows the edits no more often: jumping about cannot be read. */
const revealEveryMs = 250;
/** As far as a frame of playback may have to reach, at the highest speed after the longest pause. */
const frameEditsMax = 1_500;
/** Tells the other open panels of this document that the list of names is another. */
const versionsTopic = 'coedit.versions';

type Mode = Wanted['mode'];

class HistoryPanel implements OpenHistory {
  private readonly node: HTMLElement;
  private readonly transport: Transport;
  private readonly versions: VersionsList;
  private readonly model = new TimelineModel();
  private readonly colors = new CSSStyleSheet();
  private readonly authorsSwitch = switchButton('Authors');
  private readonly changesSwitch = switchButton('Changes since');
  private readonly restoreButton = element('button', { type: 'button', class: 'button primary history-restore' }, historyIcon('restore'), element('span', { class: 'history-label' }, 'Restore'));
  private readonly sideButton = element(
    'button',
    { type: 'button', class: 'button history-side-button', 'aria-expanded': 'false', 'aria-controls': 'history-side' },
    historyIcon('versions'),
    element('span', { class: 'history-label' }, 'Versions'),
  );
  private readonly sheet = element('div', { class: 'history-sheet sheet' });
  private readonly state = element('div', { class: 'history-state', hidden: true });
  private readonly banner = element('div', { class: 'history-banner', hidden: true });
  private readonly strip = element('div', { class: 'history-strip', hidden: true });
  private readonly announcer = element('p', { class: 'visually-hidden', role: 'status' });
  private readonly side = element('div', { class: 'history-side', id: 'history-side' });

  private readonly ended = new AbortController();
  private readonly unsubscribe: (() => void)[] = [];
  private source: RevisionSource | null = null;
  private view: RevisionView | null = null;
  private revision = 0;
  private mode: Mode = 'resting';
  private playback: Playback | null = null;
  private onlyAuthor: number | null = null;
  private changes: readonly ShownChange[] = [];
  private change = -1;
  /** The text they stand in. */
  private compared: Delta | null = null;
  private shownKey = '';
  private shownRevision = -1;
  /** Which marks that text has. */
  private shownAs: 'text' | 'authors' | 'changes' = 'text';
  private frame = 0;
  private restTimer: ReturnType<typeof setTimeout> | undefined;
  private waitingTimer: ReturnType<typeof setTimeout> | undefined;
  private timelineTimer: ReturnType<typeof setTimeout> | undefined;
  private headTimer: ReturnType<typeof setTimeout> | undefined;
  /** The present was shown when one went where one is: it is followed. */
  private atEnd = false;
  private revealedMs = 0;
  private colorsShown = '';

  constructor(private readonly options: HistoryOptions) {
    this.transport = new Transport({ go: (revision) => this.go(revision, 'moving'), play: () => this.togglePlay() });
    const title = element('h2', { id: 'history-title' }, 'History');
    const close = iconButton('close', 'Close the history', { title: 'Close the history (Esc)' });
    this.node = element(
      'section',
      { class: 'history', 'aria-labelledby': 'history-title' },
      element(
        'div',
        { class: 'history-head' },
        title,
        element('div', { class: 'history-switches', role: 'group', 'aria-label': 'Shown in the text' }, this.authorsSwitch, this.changesSwitch),
        this.sideButton,
        this.restoreButton,
        close,
      ),
      this.strip,
      this.banner,
      element('div', { class: 'history-body' }, element('div', { class: 'history-stage' }, this.sheet, this.state), this.side),
      this.transport.node,
      this.announcer,
    );
    this.versions = new VersionsList({
      api: options.api,
      id: options.document.id,
      dialogs: this.node,
      readOnly: options.document.role === 'reader' || options.document.role === 'commenter',
      by: () => options.document.members.find(({ self }) => self)?.user.name ?? null,
      jump: (revision) => this.jump(revision),
      changed: (versions, own) => {
        this.transport.showFlags(versions.map(({ revision }) => revision));
        if (own) options.document.signal(versionsTopic, null);
      },
      announce: (words) => this.announce(words),
    });
    this.side.append(this.versions.node);
    options.host.append(this.node);

    close.addEventListener('click', () => this.close());
    this.restoreButton.addEventListener('click', () => void this.restore());
    this.sideButton.addEventListener('click', () => this.toggleSide(!this.sideOpen));
    this.authorsSwitch.addEventListener('click', () => this.choose(this.authorsSwitch));
    this.changesSwitch.addEventListener('click', () => this.choose(this.changesSwitch));
    this.node.addEventListener('keydown', (event) => this.key(event));
    this.sheet.addEventListener('pointerover', (event) => this.nameAuthor(event));
    window.addEventListener('online', () => this.retry(), { signal: this.ended.signal });
    window.addEventListener('offline', () => this.showTrouble(), { signal: this.ended.signal });
    this.transport.disabled = true;
    this.restoreButton.disabled = true;
    this.showState('loading');
    void this.start();
  }

  close(): void {
    if (this.ended.signal.aborted) return;
    this.ended.abort();
    for (const stop of this.unsubscribe) stop();
    for (const timer of [this.restTimer, this.waitingTimer, this.timelineTimer, this.headTimer]) clearTimeout(timer);
    cancelAnimationFrame(this.frame);
    this.source?.close();
    this.view?.destroy();
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== this.colors);
    this.node.remove();
    this.options.onClose?.();
  }

  // ---- beginning ----

  private async start(): Promise<void> {
    const { api, document: shared, editorKind } = this.options;
    const { signal } = this.ended;
    try {
      const [timeline, createView] = await Promise.all([
        api.timeline(shared.id, { points: timelinePoints, signal }),
        editorKind === 'quill'
          ? import('./rich_view.js').then(({ createRichView }) => createRichView)
          : import('./plain_view.js').then(({ createPlainView }) => createPlainView),
      ]);
      if (signal.aborted) return;
      this.model.set(timeline);
      this.view = createView(this.sheet);
      this.view.adopt(this.colors);
      this.source = new RevisionSource({
        api,
        id: shared.id,
        head: Math.max(timeline.headRevision, shared.revision),
        changed: () => this.arrived(),
        authors: (authors) => {
          if (this.model.learn(authors)) this.showAuthors();
        },
      });
    } catch (error) {
      if (!signal.aborted) this.showState('failed', error);
      return;
    }
    const { source } = this;
    this.unsubscribe.push(
      shared.on('change', ({ source: cause }) => (cause === 'reset' ? this.startOver() : this.headMoved())),
      shared.on('status', () => this.headMoved()),
      shared.on('signal', ({ topic }) => {
        if (topic === versionsTopic) void this.versions.load();
      }),
    );
    this.revision = source.head;
    this.transport.chooseSpeed(source.head);
    this.showAuthors();
    void this.versions.load();
    this.go(source.head, 'resting');
    // What is disabled takes no focus.
    this.drawMoment(source);
    this.transport.slider.focus();
  }

  private startOver(): void {
    this.stopPlaying();
    this.shownRevision = -1;
    this.shownKey = '';
    this.source?.reset(this.options.document.revision);
    this.go(this.options.document.revision, 'resting');
    this.refreshTimeline();
  }

  /** Somebody edited: the slider grows, and who was at its end stays there. */
  private headMoved(): void {
    this.headTimer ??= setTimeout(() => {
      this.headTimer = undefined;
      this.takeHead();
    }, headEveryMs);
  }

  private takeHead(): void {
    const { source } = this;
    const { revision: head } = this.options.document;
    if (source === null) return;
    // An answer may have told the source of a later head than the document has heard of.
    const follows = this.atEnd && this.playback === null && this.revision < Math.max(head, source.head);
    if (!follows && head <= source.head) return;
    source.head = head;
    this.refreshTimeline();
    if (follows) this.go(source.head, 'resting');
    else this.render();
  }

  private refreshTimeline(): void {
    this.timelineTimer ??= setTimeout(() => {
      this.timelineTimer = undefined;
      const { api, document: shared } = this.options;
      api.timeline(shared.id, { points: timelinePoints, signal: this.ended.signal }).then(
        (timeline) => {
          this.model.set(timeline);
          this.showAuthors();
          this.render();
        },
        () => undefined, // The band stays as it was; the next change asks again.
      );
    }, timelineEveryMs);
  }

  // ---- where in time ----

  /** To this revision, as a user's move or by playback. */
  private go(revision: number, mode: Mode): void {
    const { source } = this;
    if (source === null) return;
    if (mode !== 'playing') this.stopPlaying();
    this.revision = Math.max(0, Math.min(revision, source.head));
    this.atEnd = this.revision === source.head;
    this.mode = mode;
    this.change = -1;
    clearTimeout(this.restTimer);
    if (mode === 'moving') this.restTimer = setTimeout(() => this.rest(), restAfterMs);
    this.want();
    this.render();
  }

  private rest(): void {
    this.mode = 'resting';
    this.want();
    this.render();
  }

  private jump(revision: number): void {
    this.go(revision, 'resting');
    if (this.sideOpen) this.toggleSide(false);
    this.transport.slider.focus();
  }

  private want(): void {
    this.source?.want({ revision: this.revision, authors: this.withAuthors, changes: this.withChanges, mode: this.mode });
  }

  private get withAuthors(): boolean {
    return isOn(this.authorsSwitch);
  }
  private get withChanges(): boolean {
    return isOn(this.changesSwitch);
  }

  private togglePlay(): void {
    const { source } = this;
    if (source === null) return;
    if (this.playback !== null) {
      this.stopPlaying();
      this.rest();
      this.announce('Paused');
      return;
    }
    // From the end there is nothing to play but the whole.
    const from = this.revision >= source.head ? 0 : this.revision;
    this.playback = new Playback(from, performance.now());
    this.transport.showPlaying(true);
    this.go(from, 'playing');
    this.announce('Playing');
  }

  private stopPlaying(): void {
    if (this.playback === null) return;
    this.playback = null;
    this.transport.showPlaying(false);
  }

  /** How far the texts are there from here on. */
  private reachable(): number {
    const { source, revision } = this;
    if (source === null || source.text(revision, this.withAuthors) === null) return revision;
    const to = Math.min(source.head, revision + frameEditsMax);
    return (source.store.missing(revision, to) ?? to + 1) - 1;
  }

  // ---- drawing ----

  /** Once a frame. */
  private render(): void {
    if (this.frame !== 0 || this.ended.signal.aborted) return;
    this.frame = requestAnimationFrame((nowMs) => {
      this.frame = 0;
      this.draw(nowMs);
    });
  }

  private arrived(): void {
    this.showTrouble();
    this.render();
  }

  private draw(nowMs: number): void {
    const { source, view, playback } = this;
    if (source === null || view === null) return;
    if (playback !== null) {
      const revision = playback.step(nowMs, this.transport.speed, this.reachable());
      if (revision !== this.revision) {
        this.revision = revision;
        this.atEnd = revision === source.head;
        this.want();
      }
      if (revision >= source.head) {
        this.stopPlaying();
        this.rest();
        this.announce('Played to the end');
      } else {
        this.render();
      }
    }
    this.drawMoment(source);
    this.drawText(source, view, nowMs);
  }

  private drawMoment(source: RevisionSource): void {
    const { revision } = this;
    const { head } = source;
    const { atMs, author, exact } = this.model.moment(revision, source.store.operation(revision));
    const who = this.model.author(author);
    const when = `${exact ? '' : 'about '}${timeOf(atMs)}`;
    const words = revision === 0 ? `The beginning, ${when}` : `${when} · ${who.name}`;
    this.transport.show(revision, head, words, revision === 0 ? null : who.color);
    this.transport.disabled = head === 0;
    this.transport.showBand(this.model.bandImage(head));
    this.versions.show(revision);
    this.restoreButton.disabled = revision === head || !this.mayEdit;
    this.restoreButton.title = revision === head ? 'This is the present text' : this.mayEdit ? '' : 'You may only read this document';
    this.view?.label(`Text at revision ${numberOf(revision)} of ${numberOf(head)}`);
  }

  private get mayEdit(): boolean {
    const { role, status } = this.options.document;
    return role !== 'reader' && role !== 'commenter' && status !== 'closed' && status !== 'connecting' && status !== 'read-only';
  }

  private drawText(source: RevisionSource, view: RevisionView, nowMs: number): void {
    const { revision, mode } = this;
    const text = (this.withAuthors ? source.text(revision, true) : null) ?? source.text(revision, false);
    const since = this.withChanges && mode !== 'playing' ? source.changesSince(revision) : null;
    const complete = text !== null && (!this.withAuthors || text.authored !== null) && (!this.withChanges || mode === 'playing' || since !== null);
    this.showWaiting(!complete && source.failure === null);
    // What is nearly there is waited for, so that the marks do not blink at each step.
    if (text === null || (this.withChanges && mode === 'resting' && since === null && source.failure === null && this.shownRevision >= 0)) {
      if (this.shownRevision < 0) this.showState(source.failure === null ? 'loading' : 'failed', source.failure);
      return;
    }
    this.showState(source.head === 0 ? 'empty' : null);
    const authors = this.withAuthors && text.authored !== null;
    const key = [revision, authors, since?.to ?? ''].join();
    if (key === this.shownKey) return;
    if (since !== null) {
      const { shown, changes } = withChanges(since.before, since.delta, view.formats);
      view.show(shown);
      this.changes = changes;
      this.compared = shown;
    } else {
      const change = this.changeTo(source, view, revision, authors);
      if (change !== null) {
        view.apply(change);
      } else {
        const shown = shownText(text.document, view.formats);
        view.show(authors && text.authored !== null ? withAuthors(shown, text.authored) : shown);
      }
      this.changes = [];
    }
    this.shownAs = since === null ? (authors ? 'authors' : 'text') : 'changes';
    this.shownKey = key;
    if (this.withChanges) this.showStrip();
    if (revision !== this.shownRevision && since === null) this.follow(source, view, nowMs);
    this.shownRevision = revision;
  }

  /** What leads here from the text that is shown; null where that is not a matter of a few edits. */
  private changeTo({ store }: RevisionSource, { formats }: RevisionView, revision: number, authors: boolean): Delta | null {
    const from = this.shownRevision;
    if (from < 0 || from > revision || revision - from > frameEditsMax) return null;
    if (this.shownAs !== (authors ? 'authors' : 'text')) return null;
    return store.change(from, revision, ({ delta, author }) => shownChange(delta, formats, authors ? author : null));
  }

  /** Brings the edit that led to this revision into sight. */
  private follow(source: RevisionSource, view: RevisionView, nowMs: number): void {
    const [first] = source.store.operation(this.revision)?.delta.ops ?? [];
    if (first === undefined || this.shownRevision < 0) return;
    if (this.mode === 'playing' && nowMs - this.revealedMs < revealEveryMs) return;
    this.revealedMs = nowMs;
    const at = typeof first.retain === 'number' ? first.retain : 0;
    view.reveal(at, at + 1);
  }

  private showWaiting(waiting: boolean): void {
    if (!waiting) {
      clearTimeout(this.waitingTimer);
      this.waitingTimer = undefined;
      this.sheet.removeAttribute('aria-busy');
    } else {
      this.waitingTimer ??= setTimeout(() => this.sheet.setAttribute('aria-busy', 'true'), waitingAfterMs);
    }
  }

  // ---- switches ----

  /** One of the two at a time: colours of both would be read as one. */
  private choose(chosen: HTMLButtonElement): void {
    const on = !isOn(chosen);
    for (const button of [this.authorsSwitch, this.changesSwitch]) button.setAttribute('aria-checked', String(button === chosen && on));
    this.onlyAuthor = null;
    this.change = -1;
    this.changes = [];
    this.showAuthors();
    this.showStrip();
    this.want();
    this.render();
  }

  /** What the marks in the text mean. */
  private showStrip(): void {
    this.strip.hidden = !this.withAuthors && !this.withChanges;
    if (this.withAuthors) this.showLegend();
    else if (this.withChanges) this.showChangesBar();
    else this.strip.replaceChildren();
  }

  private showLegend(): void {
    const focused = document.activeElement instanceof HTMLElement && this.strip.contains(document.activeElement) ? document.activeElement.dataset['author'] : undefined;
    const buttons = this.model.everyone.map(({ author, name, color }) => {
      const swatch = element('span', { class: 'history-swatch', 'aria-hidden': 'true' });
      swatch.style.backgroundColor = color;
      const button = element(
        'button',
        { type: 'button', class: 'history-chip', 'data-author': String(author), 'aria-pressed': String(this.onlyAuthor === author), title: `Colour only what ${name} wrote` },
        swatch,
        element('bdi', {}, name),
      );
      button.addEventListener('click', () => {
        this.onlyAuthor = this.onlyAuthor === author ? null : author;
        this.showAuthors();
      });
      return button;
    });
    this.strip.replaceChildren(element('span', { class: 'history-strip-words' }, 'Written by'), ...buttons);
    if (focused !== undefined) buttons.find((button) => button.dataset['author'] === focused)?.focus();
  }

  private showChangesBar(): void {
    const { changes, change } = this;
    const known = this.source !== null && (this.source.changesSince(this.revision) !== null || this.mode === 'playing');
    const words = !known ? 'Comparing…' : changes.length === 0 ? 'Nothing changed since then' : change < 0 ? `${numberOf(changes.length)} ${changes.length === 1 ? 'change' : 'changes'} since then` : `Change ${numberOf(change + 1)} of ${numberOf(changes.length)}`;
    const existing = this.strip.querySelector('.history-changes-words');
    if (existing === null) {
      const previous = iconButton('back', 'Previous change');
      const next = element('button', { type: 'button', class: 'icon-button', 'aria-label': 'Next change', title: 'Next change' }, historyIcon('forward'));
      previous.addEventListener('click', () => this.toChange(-1));
      next.addEventListener('click', () => this.toChange(1));
      this.strip.replaceChildren(
        element('span', { class: 'history-changes-words' }, words),
        previous,
        next,
        element('span', { class: 'history-key' }, element('ins', {}, 'added since'), ' ', element('del', {}, 'gone since'), ' ', element('mark', {}, 'looks different')),
      );
    } else {
      existing.textContent = words;
    }
    for (const button of this.strip.querySelectorAll('button')) button.disabled = changes.length === 0;
    this.strip.querySelector<HTMLElement>('.history-key mark')?.toggleAttribute('hidden', this.options.editorKind !== 'quill');
  }

  private toChange(by: 1 | -1): void {
    const { changes } = this;
    if (changes.length === 0) return;
    this.change = this.change < 0 ? (by === 1 ? 0 : changes.length - 1) : (this.change + by + changes.length) % changes.length;
    const change = changes[this.change];
    if (change !== undefined && this.compared !== null) {
      this.view?.show(withCurrent(this.compared, change));
      this.view?.reveal(change.from, change.to);
    }
    this.showStrip();
    this.announce(`Change ${this.change + 1} of ${changes.length}`);
  }

  /** Colours for the marks in the text, and whoever is heard of for the legend. */
  private showAuthors(): void {
    const rules = this.model.everyone
      .filter(({ author }) => this.onlyAuthor === null || this.onlyAuthor === author)
      .map(({ author, color }) => `.history-author[data-author="${author}"] { --author: ${color}; }`)
      .join('\n');
    if (rules !== this.colorsShown) {
      this.colorsShown = rules;
      this.colors.replaceSync(rules);
    }
    if (this.withAuthors) this.showStrip();
  }

  /** The name as a tooltip, where the pointer is. */
  private nameAuthor(event: PointerEvent): void {
    const [target] = event.composedPath();
    const mark = target instanceof Element ? target.closest<HTMLElement>('.history-author') : null;
    if (mark !== null) mark.title = this.model.author(Number(mark.dataset['author'])).name;
  }

  // ---- the way back ----

  private async restore(): Promise<void> {
    const { source } = this;
    const { document: shared } = this.options;
    const { revision } = this;
    if (source === null || !this.mayEdit) return;
    this.stopPlaying();
    this.rest();
    const { atMs } = this.model.moment(revision, source.store.operation(revision));
    const yes = await confirmed(this.node, {
      title: 'Bring this text back?',
      words: `Everyone will see the text of ${timeOf(atMs)} (revision ${numberOf(revision)}). What stands there now is not lost: it stays in the history, and you can undo this.`,
      confirm: 'Restore',
    });
    const past = source.text(revision, false);
    if (!yes || this.ended.signal.aborted) return;
    if (past === null) return this.say('The text of this moment is not here yet. Try again in a moment.');
    const delta = diffDocuments(shared.delta, past.document);
    if (delta.ops.length === 0) return this.say('That is what stands in the document already.');
    try {
      // A step of its own for undo.
      shared.history.boundary();
      shared.apply(delta);
      shared.history.boundary();
    } catch (error) {
      return this.say(`The text was not restored: ${error instanceof Error ? error.message : String(error)}.`);
    }
    this.go(source.head, 'resting');
    this.say(`The text of revision ${numberOf(revision)} is back.`, { label: 'Undo', run: () => this.undoRestore() });
  }

  private undoRestore(): void {
    try {
      this.options.document.history.undo();
      this.say('Undone.');
    } catch (error) {
      this.say(`It was not undone: ${error instanceof Error ? error.message : String(error)}.`);
    }
  }

  // ---- what there is to know ----

  private announce(words: string): void {
    this.announcer.textContent = words;
  }

  /** Above the text, until something else is said or it is dismissed. */
  private say(words: string | null, action?: { readonly label: string; readonly run: () => void }): void {
    this.banner.hidden = words === null;
    this.banner.replaceChildren();
    if (words === null) return;
    this.banner.append(element('span', { class: 'history-banner-words' }, words));
    if (action !== undefined) {
      const button = element('button', { type: 'button', class: 'button' }, action.label);
      button.addEventListener('click', () => action.run());
      this.banner.append(button);
    }
    const dismiss = iconButton('close', 'Dismiss this message');
    dismiss.addEventListener('click', () => {
      this.say(null);
      this.transport.slider.focus();
    });
    this.banner.append(dismiss);
    this.banner.classList.remove('trouble');
    this.announce(words);
  }

  /** Asking stopped, or goes on. */
  private showTrouble(): void {
    const failure = this.source?.failure ?? null;
    const offline = !navigator.onLine;
    const shows = this.banner.classList.contains('trouble');
    if (failure === null && !offline) {
      if (shows) this.say(null);
      return;
    }
    if (shows) return;
    const words = offline
      ? 'You are offline. Moments that were loaded can still be shown.'
      : `${troubleWords(failure)} Moments that were loaded can still be shown.`;
    this.say(words, { label: 'Try again', run: () => this.retry() });
    this.banner.classList.add('trouble');
  }

  private retry(): void {
    if (this.source === null) {
      this.showState('loading');
      void this.start();
      return;
    }
    if (this.banner.classList.contains('trouble')) this.say(null);
    this.source.retry();
    this.render();
  }

  /** Instead of a text. */
  private showState(state: 'loading' | 'empty' | 'failed' | null, error?: unknown): void {
    if (this.state.dataset['state'] === (state ?? '')) return;
    this.state.dataset['state'] = state ?? '';
    this.state.hidden = state === null;
    this.sheet.inert = state !== null;
    this.state.replaceChildren();
    if (state === 'loading') {
      const lines = [92, 78, 85, 40, 88, 63].map((width) => {
        const line = element('span', { class: 'history-skeleton' });
        line.style.width = `${width}%`;
        return line;
      });
      this.state.append(element('p', { class: 'visually-hidden' }, 'Loading the history…'), ...lines);
    } else if (state === 'empty') {
      this.state.append(
        icon('history'),
        element('p', { class: 'history-state-title' }, 'Nothing has happened yet'),
        element('p', {}, 'As soon as someone writes, every edit can be found here, with its time and its author.'),
      );
    } else if (state === 'failed') {
      const again = element('button', { type: 'button', class: 'button' }, 'Try again');
      again.addEventListener('click', () => this.retry());
      this.state.append(
        element('p', { class: 'history-state-title' }, navigator.onLine ? 'The history could not be loaded' : 'You are offline'),
        element('p', {}, navigator.onLine ? troubleWords(error) : 'The past of this document is on the server. It shows when there is a connection again.'),
        again,
      );
    }
  }

  // ---- keyboard and narrow windows ----

  private key(event: KeyboardEvent): void {
    const [target] = event.composedPath();
    if (!(target instanceof Element) || event.ctrlKey || event.metaKey || event.altKey || target.closest('dialog') !== null) return;
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      if (this.sideOpen) {
        this.toggleSide(false);
        this.sideButton.focus();
      } else {
        this.close();
      }
      return;
    }
    const onSlider = target === this.transport.slider;
    if (!onSlider && target.closest('input, textarea, select') !== null) return;
    if (event.key === ' ' && (onSlider || target.closest('button') === null)) {
      event.preventDefault();
      this.togglePlay();
    } else if (!onSlider && target.closest('.history-strip, .history-side') === null) {
      // The slider knows these keys itself. In a text that scrolls, Home and End scroll it.
      const steps: { readonly [key: string]: number } = { ArrowLeft: this.revision - 1, ArrowRight: this.revision + 1 };
      const to = steps[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.go(to, 'moving');
    }
  }

  private get sideOpen(): boolean {
    return this.sideButton.getAttribute('aria-expanded') === 'true';
  }

  /** Matters where the panel is narrow: elsewhere the list stands beside the text. */
  private toggleSide(open: boolean): void {
    this.sideButton.setAttribute('aria-expanded', String(open));
    this.node.classList.toggle('side-open', open);
    if (open) this.side.querySelector<HTMLElement>('.history-save:not([hidden]) input, h3')?.focus();
  }
}

function switchButton(label: string): HTMLButtonElement {
  return element('button', { type: 'button', class: 'history-switch', role: 'switch', 'aria-checked': 'false' }, label);
}

function isOn(button: HTMLButtonElement): boolean {
  return button.getAttribute('aria-checked') === 'true';
}

function troubleWords(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: string };
  if (code === 'unreachable') return 'The server does not answer.';
  if (code === 'no_such_document') return 'The server has no such document any more.';
  return error instanceof Error ? `The server answered: ${error.message}.` : 'Something went wrong.';
}

export function openHistory(options: HistoryOptions): OpenHistory {
  return new HistoryPanel(options);
}
