import Quill from 'quill';
import 'quill/dist/quill.snow.css';
import { connect } from 'coedit';
import { bindQuill } from 'coedit/quill';

const client = connect('http://127.0.0.1:8080', { name: 'Ada' });
const letter = client.open('letter', { create: 'rich-text' });
export const quill = new Quill('#editor', { theme: 'snow' });
bindQuill(letter, quill);
