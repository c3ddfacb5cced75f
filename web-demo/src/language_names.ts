// The languages a plain-text document can be shown in, and which one a title tells of. No code of
// any language: the editor brings that.

export const languageNames = {
  text: 'Plain text',
  cpp: 'C++',
  css: 'CSS',
  html: 'HTML',
  javascript: 'JavaScript',
  json: 'JSON',
  markdown: 'Markdown',
  python: 'Python',
  typescript: 'TypeScript',
} as const;

export type Language = keyof typeof languageNames;

const extensions: { readonly [extension: string]: Language } = {
  c: 'cpp',
  cc: 'cpp',
  cpp: 'cpp',
  css: 'css',
  cxx: 'cpp',
  h: 'cpp',
  hpp: 'cpp',
  htm: 'html',
  html: 'html',
  js: 'javascript',
  json: 'json',
  jsx: 'javascript',
  md: 'markdown',
  mjs: 'javascript',
  py: 'python',
  ts: 'typescript',
  tsx: 'typescript',
};

export function isLanguage(value: unknown): value is Language {
  return typeof value === 'string' && Object.hasOwn(languageNames, value);
}

/** By the extension, as of a file; plain text where there is none that is known. */
export function languageOfTitle(title: string): Language {
  const extension = /\.([a-z]{1,5})\s*$/i.exec(title)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(extensions, extension) ? (extensions[extension] as Language) : 'text';
}
