// Which page this address is.
import './styles/base.css';
import { documentLink } from './document_link.js';
import { keepPageForOffline } from './offline_page.js';

async function show(root: HTMLElement): Promise<void> {
  const link = documentLink(new URL(location.href));
  if (link === null || link.id === '') {
    const { showStartPage } = await import('./start_page.js');
    showStartPage(root, link === null ? undefined : 'This address is not one of a document.');
    return;
  }
  // The client and the editors are the larger part of the code; the start page does without them.
  const { showDocumentPage } = await import('./document_page.js');
  showDocumentPage(root, link);
}

const root = document.getElementById('app');
if (root === null) throw new Error('the page has no #app');
void show(root);
if (import.meta.env.PROD) keepPageForOffline();
