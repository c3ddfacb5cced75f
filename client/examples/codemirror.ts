import { EditorView } from '@codemirror/view';
import { connect } from 'coedit';
import { coedit } from 'coedit/codemirror';

const client = connect('http://127.0.0.1:8080', { name: 'Ada' });
const source = client.open('source', { create: 'plain-text' });
const parent = document.querySelector('#editor') as HTMLElement;
export const view = new EditorView({ parent, extensions: [coedit(source)] });
