import { connect } from 'coedit';
import { bindTextarea } from 'coedit/textarea';

const client = connect('http://127.0.0.1:8080', { name: 'Ada' });
const note = client.open('note', { create: 'plain-text' });
bindTextarea(note, document.querySelector('textarea') as HTMLTextAreaElement);
note.on('status', (status) => (document.title = status));
