// One document: the editor, who is here, and what is true of the connection.
import './styles/document.css';
import './styles/side.css';
import { type Client, type CoeditError, type DocumentType, type SharedDocument, connect } from 'coedit';
import { DocumentsApi } from 'coedit/http';
import { offline } from 'coedit/offline';
import type { EditorView } from '@codemirror/view';
import type Quill from 'quill';
import { ChatPanel } from './chat_panel.js';
import { type DocumentLink, documentPath } from './document_link.js';
import { DocumentTitle } from './document_title.js';
import { brand, element, icon } from './dom.js';
import { Follower } from './follow.js';
import { type Identity, loadIdentity, saveIdentity } from './identity.js';
import type { EditorContext, MountedEditor } from './mounted_editor.js';
import { NetworkLab } from './network/lab_socket.js';
import { NetworkPanel } from './network_panel.js';
import { Notices } from './notices.js';
import { PeoplePanel } from './people_panel.js';
import { readerOf } from './read_only.js';
import { recentDocuments, rememberDocument } from './recent.js';
import { closedNotice, recoveryNotice } from './refusals.js';
import { shareButton } from './share_button.js';
import { SidePanel } from './side_panel.js';
import { StatusLine } from './status_line.js';
import { titleField } from './title_field.js';
import { tellTyping } from './typing.js';

/** For the console and the end-to-end tests: the parts of the page at work. */
interface PageParts {
  readonly client: Client;
  readonly document: SharedDocument;
  readonly api: DocumentsApi;
  readonly lab: NetworkLab;
  editor?: MountedEditor;
  quill?: Quill;
  codemirror?: EditorView;
}

declare global {
  interface Window {
    coedit?: PageParts;
  }
}

/** Over the text, below the bar, while it is open. */
interface HistoryPlace {
  readonly button: HTMLButtonElement;
  readonly host: HTMLElement;
}

/** The list of recent documents is written after a pause in typing. */
const rememberAfterMs = 1_000;

const editorCode = {
  'rich-text': async () => (await import('./rich_editor.js')).mountRichEditor,
  'plain-text': async () => (await import('./code_editor.js')).mountCodeEditor,
} as const;

function homeLink(): HTMLAnchorElement {
  return element(
    'a',
    { class: 'bar-home', href: '/', title: 'All documents' },
    icon('back'),
    brand(),
    element('span', { class: 'visually-hidden' }, ' – all documents'),
  );
}

/** Keeps the list of recent documents up to date with title and kind. */
function remember(shared: SharedDocument, title: DocumentTitle): void {
  const openedAt = Date.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = (): void => {
    clearTimeout(timer);
    timer = undefined;
    rememberDocument({ id: shared.id, title: title.shown, type: shared.type ?? 'rich-text', openedAt });
  };
  write();
  title.onChange(() => {
    timer ??= setTimeout(write, rememberAfterMs);
  });
  window.addEventListener('pagehide', () => {
    if (timer !== undefined) write();
  });
}

/** `handled` shows an error in another way than by a notice, if it says so. */
function showTroubles(
  client: Client,
  shared: SharedDocument,
  notices: Notices,
  handled: (error: CoeditError, opened: boolean) => boolean,
): void {
  let opened = false;
  void shared.ready.then(
    () => {
      opened = true;
    },
    () => undefined, // The document's own `error` tells.
  );
  shared.on('recovery', (recovery) => {
    // What is still in the document is offered with the notice of its end.
    if (!recovery.resumable) notices.show(recoveryNotice(recovery));
    recovery.taken();
  });
  shared.on('error', (error) => {
    if (handled(error, opened)) return;
    const again = (): void => {
      if (!opened || error.code === 'version') {
        location.reload();
        return;
      }
      if (client.status === 'closed') client.reconnect();
      shared.reopen();
    };
    const label = error.code === 'replaced' ? 'Use it here' : error.code === 'version' ? 'Reload' : 'Try again';
    const action = error.code === 'no_such_document' ? {} : { action: { label, run: again } };
    notices.show({ ...closedNotice(error, shared.unsaved ? shared.text : null), ...action });
  });
}

/** What the sheet shows where there is no document. */
function nothingThere(id: string): HTMLElement {
  const choice = (create: DocumentType, label: string): HTMLElement =>
    element('a', { class: 'button', href: documentPath(id, { create }) }, icon(create === 'rich-text' ? 'document' : 'code'), label);
  return element(
    'div',
    { class: 'sheet-nothing' },
    element('span', { class: 'empty-mark', 'aria-hidden': 'true' }, icon('document')),
    element('h2', {}, 'There is no document here'),
    element('p', {}, 'Perhaps the link is incomplete, or the document was deleted. You may make a new one at this address.'),
    element('div', { class: 'sheet-nothing-choices' }, choice('rich-text', 'New rich text'), choice('plain-text', 'New plain text')),
  );
}

function createHistoryPlace(): HistoryPlace {
  const button = element(
    'button',
    { type: 'button', class: 'button bar-button', title: 'History', 'aria-expanded': 'false', 'aria-controls': 'history-host', disabled: true },
    icon('history'),
    element('span', { class: 'button-label' }, 'History'),
  );
  return { button, host: element('div', { id: 'history-host', class: 'history-host', hidden: true }) };
}

function readerNote(id: string): HTMLElement {
  return element(
    'p',
    { class: 'reader-note', role: 'note' },
    element('strong', {}, 'Read-only. '),
    'This link asks the page not to edit. It is no protection: the server lets whoever knows the document write in it. ',
    element('a', { href: documentPath(id) }, 'Open it to write'),
  );
}

export function showDocumentPage(root: HTMLElement, link: DocumentLink): void {
  const { id, create, readOnly } = link;
  let identity: Identity = loadIdentity();
  const lab = new NetworkLab();
  const api = new DocumentsApi(location.origin);
  const client = connect(location.origin, { ...identity, offline: offline(), WebSocket: lab.WebSocket });
  const writable = client.open(id, create === null ? {} : { create });
  const shared = readOnly ? readerOf(writable) : writable;
  const parts: PageParts = { client, document: shared, api, lab };

  const known = recentDocuments().find((recent) => recent.id === id);
  // The editor's code comes while the document does; a wrong guess costs nothing but its bytes.
  void editorCode[create ?? known?.type ?? 'rich-text']().catch(() => undefined);

  const notices = new Notices();
  const title = new DocumentTitle(shared, client, api, known?.title ?? '');
  const status = new StatusLine(shared);
  const waiting = element('p', { class: 'sheet-waiting' }, 'Opening the document…');
  const sheet = element('main', { class: 'sheet', 'aria-busy': 'true' }, waiting);
  const side = createSide();
  const past = createHistoryPlace();
  let openedHistory: { close(): void } | null = null;
  let historyComes = false;
  const bar = element(
    'header',
    { class: 'bar' },
    homeLink(),
    titleField({ title, notices, readOnly }),
    status.node,
    side.panel.button,
    past.button,
    shareButton(id, notices),
  );
  const desk = element('div', { class: 'desk' }, sheet, side.panel.node);
  root.replaceChildren(element('div', { class: 'document-page' }, bar, desk, past.host, side.follower.node, notices.node));

  showTroubles(client, shared, notices, (error, opened) => {
    waiting.remove();
    sheet.removeAttribute('aria-busy');
    // Asked for one kind, and there is another: it is opened as what it is.
    if (error.code === 'type_mismatch' && create !== null) {
      location.replace(documentPath(id, { readOnly }));
      return true;
    }
    if (error.code !== 'no_such_document' || opened) return false;
    sheet.append(nothingThere(id));
    return true;
  });
  if (!readOnly) tellTyping(shared);
  past.button.addEventListener('click', () => void toggleHistory());
  bar.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !event.defaultPrevented) openedHistory?.close();
  });
  shared.ready.then(() => start(), () => undefined);
  // Last: whoever waits for it finds all that listens to the document listening.
  window.coedit = parts;

  async function start(): Promise<void> {
    // A link with a wish to make the document is not one to hand on.
    if (create !== null) history.replaceState(null, '', documentPath(id, { readOnly }));
    remember(shared, title);
    if (readOnly) sheet.append(readerNote(id));
    const context: EditorContext = {
      shared,
      followTitle: (listener) => {
        listener(title.shown);
        title.onChange(() => listener(title.shown));
      },
    };
    try {
      await mount(shared.type ?? 'rich-text', context);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      notices.show({
        title: 'The editor could not be loaded',
        body: `Without a network only what was loaded before is there. (${reason})`,
        action: { label: 'Reload', run: () => location.reload() },
      });
    }
    waiting.remove();
    sheet.removeAttribute('aria-busy');
    past.button.disabled = false;
  }

  async function toggleHistory(): Promise<void> {
    if (openedHistory !== null) {
      openedHistory.close();
      return;
    }
    // The button keeps the focus: it is not disabled while the code comes.
    if (historyComes) return;
    historyComes = true;
    try {
      const { openHistory } = await import('./history/history_panel.js');
      showHistory(true);
      const editorKind = shared.type === 'plain-text' ? 'codemirror' : 'quill';
      openedHistory = openHistory({ api, document: shared, editorKind, host: past.host, onClose: () => showHistory(false) });
    } catch (error) {
      showHistory(false);
      notices.show({ title: 'The history could not be loaded', body: error instanceof Error ? error.message : String(error) });
    } finally {
      historyComes = false;
    }
  }

  function showHistory(shown: boolean): void {
    if (!shown) openedHistory = null;
    side.follower.stop();
    past.host.hidden = !shown;
    desk.inert = shown;
    document.documentElement.classList.toggle('history-shown', shown);
    past.button.setAttribute('aria-expanded', String(shown));
    if (!shown) past.button.focus();
  }

  async function mount(type: DocumentType, context: EditorContext): Promise<void> {
    if (type === 'plain-text') {
      const mountCode = await editorCode['plain-text']();
      sheet.classList.add('code');
      const editor = mountCode(sheet, context);
      parts.codemirror = editor.codemirror;
      parts.editor = editor;
    } else {
      const mountRich = await editorCode['rich-text']();
      const editor = mountRich(sheet, context);
      parts.quill = editor.quill;
      parts.editor = editor;
    }
    // In an empty document one wants to write; it takes a turn until the editor may be written in.
    setTimeout(() => {
      if (shared.length <= 1 && !readOnly && document.activeElement === document.body) parts.editor?.focus();
    });
  }

  function createSide(): { readonly panel: SidePanel; readonly follower: Follower } {
    // The panels tell it numbers while they are being made.
    let panel: SidePanel | null = null;
    const follower = new Follower(
      shared,
      () => parts.editor ?? null,
      (node) => panel !== null && (panel.node.contains(node) || panel.button.contains(node)),
    );
    let people: readonly [Parameters<SidePanel['showFaces']>[0], boolean] = [[], false];
    const showPeople = (): void => {
      const [users, isKnown] = people;
      panel?.showFaces(users);
      panel?.count('people', isKnown ? String(users.length) : '');
    };
    const peoplePanel = new PeoplePanel({
      shared,
      identity,
      follower,
      changed: (chosen) => {
        identity = chosen;
        saveIdentity(identity);
        client.setUser({ ...identity });
      },
      counted: (users, isKnown) => {
        people = [users, isKnown];
        showPeople();
      },
    });
    const chat = new ChatPanel({
      shared,
      identity: () => identity,
      unread: (words) => panel?.count('chat', words, { alert: true, label: words === '' ? '' : 'unread' }),
    });
    const network = new NetworkPanel({
      shared,
      client,
      lab,
      readOnly,
      worse: (worse) => panel?.count('network', worse ? '!' : '', { label: worse ? 'The network is made worse' : '' }),
    });
    panel = new SidePanel([
      { id: 'people', label: 'People', content: peoplePanel.node },
      { id: 'chat', label: 'Chat', content: chat.node, shown: (shown) => chat.setVisible(shown) },
      { id: 'network', label: 'Network', content: network.node, shown: (shown) => network.setVisible(shown) },
    ]);
    showPeople();
    return { panel, follower };
  }
}
