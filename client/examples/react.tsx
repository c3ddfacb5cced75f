import { createRoot } from 'react-dom/client';
import { connect } from 'coedit';
import { CoeditProvider, useDocument, usePresence, useStatus, useText } from 'coedit/react';

const client = connect(location.origin, { name: 'Ada' });

function Note({ id }: { id: string }) {
  const document = useDocument(id, { create: 'plain-text' });
  const people = usePresence(document);
  return (
    <section>
      <pre>{useText(document)}</pre>
      <button onClick={() => document?.apply([{ insert: '• ' }])}>Add a bullet</button>
      <footer>{people.map(({ user }) => user.name).join(', ')} ({useStatus(document)})</footer>
    </section>
  );
}

createRoot(document.getElementById('root') as HTMLElement).render(
  <CoeditProvider client={client}><Note id="notes" /></CoeditProvider>,
);
