// One document: the editor, who is here, and what is true of the connection.
import './styles/document.css';
import { type Client, type SharedDocument, connect } from 'coedit';
import { bindQuill } from 'coedit/quill';
import type Quill from 'quill';
import { brand, element, icon } from './dom.js';
import { createEditor } from './editor.js';
import { type Identity, loadIdentity, saveIdentity } from './identity.js';
import { Notices, flash } from './notices.js';
import { PeoplePanel } from './people_panel.js';
import { rememberDocument, titleOf, titleOrUntitled } from './recent.js';
import { closedNotice, recoveryNotice } from './refusals.js';
import { StatusLine } from './status_line.js';
import { copyText } from './text_out.js';

declare global {
  interface Window {
    /** For the console and the end-to-end tests: the parts of the page at work. */
    coedit?: { readonly client: Client; readonly document: SharedDocument; readonly quill: Quill };
  }
}

/** The list of recent documents is written after a pause in typing. */
const rememberAfterMs = 1_000;

function copyLinkButton(notices: Notices): HTMLButtonElement {
  const button = element(
    'button',
    { type: 'button', class: 'button copy-link' },
    icon('link'),
    element('span', { class: 'button-label' }, 'Copy link'),
  );
  button.addEventListener('click', () => {
    const { href } = location;
    void copyText(href).then((done) => {
      if (done) flash(button, 'Copied');
      else notices.show({ title: 'Copy this link', body: `The browser does not let this page copy. The link is ${href}` });
    });
  });
  return button;
}

function homeLink(): HTMLAnchorElement {
  return element(
    'a',
    { class: 'bar-home', href: '/', title: 'All documents' },
    icon('back'),
    brand(),
    element('span', { class: 'visually-hidden' }, ' – all documents'),
  );
}

/** The title follows the first line of the text, here and in the list of recent documents. */
function followTitle(shared: SharedDocument, heading: HTMLElement): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let title = '';
  const openedAt = Date.now();
  const remember = (): void => {
    clearTimeout(timer);
    timer = undefined;
    rememberDocument({ id: shared.id, title, openedAt });
  };
  const update = (): void => {
    const next = titleOf(shared.text);
    if (next === title) return;
    title = next;
    heading.textContent = titleOrUntitled(title);
    document.title = `${titleOrUntitled(title)} – coedit`;
    timer ??= setTimeout(remember, rememberAfterMs);
  };
  void shared.ready.then(
    () => {
      document.title = `${titleOrUntitled(title)} – coedit`;
      heading.textContent = titleOrUntitled(title);
      update();
      remember();
      shared.on('change', update);
      window.addEventListener('pagehide', () => {
        if (timer !== undefined) remember();
      });
    },
    () => undefined, // A document that never opened is not remembered.
  );
}

function showTroubles(client: Client, shared: SharedDocument, notices: Notices): void {
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
    const again = (): void => {
      if (!opened || error.code === 'version') {
        location.reload();
        return;
      }
      if (client.status === 'closed') client.reconnect();
      shared.reopen();
    };
    const label = error.code === 'replaced' ? 'Use it here' : error.code === 'version' ? 'Reload' : 'Try again';
    notices.show({ ...closedNotice(error, shared.unsaved ? shared.text : null), action: { label, run: again } });
  });
  window.addEventListener('beforeunload', (event) => {
    if (shared.unsaved) event.preventDefault();
  });
}

export function showDocumentPage(root: HTMLElement, id: string): void {
  let identity: Identity = loadIdentity();
  const client = connect(location.origin, { ...identity });
  const shared = client.open(id, { create: 'rich-text' });
  const notices = new Notices();
  const editor = createEditor();
  const status = new StatusLine(shared);
  const people = new PeoplePanel({
    shared,
    identity,
    changed: (chosen) => {
      identity = chosen;
      saveIdentity(identity);
      client.setUser({ ...identity });
    },
  });
  const heading = element('h1', { class: 'document-title', dir: 'auto' });
  const waiting = element('p', { class: 'sheet-waiting' }, 'Opening the document…');
  const sheet = element('main', { class: 'sheet', 'aria-busy': 'true' }, editor.toolbar, editor.node, waiting);
  root.replaceChildren(
    element(
      'div',
      { class: 'document-page' },
      element(
        'header',
        { class: 'bar' },
        homeLink(),
        heading,
        status.node,
        people.button,
        copyLinkButton(notices),
      ),
      element('div', { class: 'desk' }, sheet, people.panel),
      notices.node,
    ),
  );

  const quill = editor.start();
  bindQuill(shared, quill, { cursors: true });
  followTitle(shared, heading);
  showTroubles(client, shared, notices);
  void shared.ready.then(
    () => {
      waiting.remove();
      sheet.removeAttribute('aria-busy');
      quill.root.dataset['placeholder'] = 'Write something…';
      if (shared.length <= 1) quill.focus();
    },
    () => waiting.remove(),
  );
  window.coedit = { client, document: shared, quill };
}
