import { connect } from 'coedit';
import { offline } from 'coedit/offline';

const client = connect(location.origin, { name: 'Ada', offline: offline() });
const notes = client.open('notes', { create: 'plain-text' });

await notes.ready; // also without a network, if the document was open here before
client.on('recovery', ({ documentId, reason, pending, resumable, taken }) => {
  if (resumable) return; // still in the document, and sent when it is opened again
  console.log(`not taken into ${documentId} (${reason}), keep a copy:`, pending.ops);
  taken();
});
