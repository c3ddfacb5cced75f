// Which page this address is.
import './styles/base.css';
import { isDocumentId } from './document_id.js';
import { showStartPage } from './start_page.js';

const documentPrefix = '/d/';

async function show(root: HTMLElement): Promise<void> {
  const { pathname } = location;
  if (!pathname.startsWith(documentPrefix)) {
    showStartPage(root);
    return;
  }
  const id = pathname.slice(documentPrefix.length);
  if (!isDocumentId(id)) {
    showStartPage(root, 'This address is not one of a document.');
    return;
  }
  // The editor is the larger part of the code; the start page does without it.
  const { showDocumentPage } = await import('./document_page.js');
  showDocumentPage(root, id);
}

const root = document.getElementById('app');
if (root === null) throw new Error('the page has no #app');
void show(root);
