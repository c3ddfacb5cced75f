// Highlighting for each language, loaded when it is wanted.
import type { Extension } from '@codemirror/state';
import type { Language } from './language_names.js';

const loaders: { readonly [K in Language]: () => Promise<Extension> } = {
  text: () => Promise.resolve([]),
  cpp: async () => (await import('@codemirror/lang-cpp')).cpp(),
  css: async () => (await import('@codemirror/lang-css')).css(),
  html: async () => (await import('@codemirror/lang-html')).html(),
  javascript: async () => (await import('@codemirror/lang-javascript')).javascript({ jsx: true }),
  json: async () => (await import('@codemirror/lang-json')).json(),
  markdown: async () => (await import('@codemirror/lang-markdown')).markdown(),
  python: async () => (await import('@codemirror/lang-python')).python(),
  typescript: async () => (await import('@codemirror/lang-javascript')).javascript({ jsx: true, typescript: true }),
};

/** Rejects when its code cannot be loaded, for example without a network. */
export function loadLanguage(language: Language): Promise<Extension> {
  return loaders[language]();
}
