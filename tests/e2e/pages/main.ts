// The page of the binding tests: one editor on one document. The path names the document, `?binding=`
// the editor; with `&root=shadow` the editor stands in a shadow tree, with `&offline` edits are kept on
// the device.
import 'quill/dist/quill.core.css';
import './page.css';
import { connect } from 'coedit';
import { offline } from 'coedit/offline';
import { Bot } from './bot.js';
import { editors } from './editors.js';
import sheetText from './page.css?inline';

const { pathname, searchParams } = new URL(location.href);
const make = editors[searchParams.get('binding') ?? ''];
if (make === undefined) throw new Error(`no such binding: ${location.search}`);

let place: HTMLElement = document.getElementById('place') as HTMLElement;
if (searchParams.get('root') === 'shadow') {
  const root = place.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(sheetText);
  root.adoptedStyleSheets = [sheet];
  place = document.createElement('div');
  root.append(place);
}

const identity = JSON.parse(localStorage.getItem('coedit.identity') ?? '{}') as { name?: string };
const client = connect(location.origin, { ...identity, ...(searchParams.has('offline') ? { offline: offline() } : {}) });
const shared = client.open(pathname.slice('/d/'.length), { create: make.type });

const words = document.querySelector('.status-words') as HTMLElement;
const tell = (): void => {
  words.textContent = shared.status === 'saved' ? 'Saved' : shared.status;
};
shared.on('change', tell);
shared.on('status', tell);
tell();

const editor = make.make(shared, place);
editor.focus();
window.coedit = { client, document: shared };
window.editor = editor;
window.playSession = (base, patches, pauseMs) => new Bot(editor, base).play(patches, pauseMs);
