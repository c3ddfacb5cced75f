import { DocumentsApi } from 'coedit/http';

const api = new DocumentsApi('http://127.0.0.1:8080');
await api.addVersion('notes', { name: 'As agreed on Monday' });
console.log((await api.text('notes', { revision: 1 })).length, await api.versions('notes'));
