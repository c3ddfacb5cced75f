// Building the page from nodes. Text is always text: nothing here takes a string of HTML.

export type Child = Node | string;
export type Attributes = { readonly [name: string]: string | boolean };

function setAttributes(node: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, '');
    else if (value !== false) node.setAttribute(name, value);
  }
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  setAttributes(node, attributes);
  node.append(...children);
  return node;
}

const iconPaths = {
  back: 'M10.5 3.5 6 8l4.5 4.5',
  bots: 'M3 6.5h10v6.5H3zM8 6.5V3.5M6 9.5v.8M10 9.5v.8M6.5 3.5h3',
  close: 'm4 4 8 8m0-8-8 8',
  code: 'M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5',
  copy: 'M6 5.5h7v8H6zM3 10.5v-8h7',
  document: 'M4 2h5.5L12 4.5V14H4zM6.5 7h3M6.5 10h3',
  download: 'M8 2.5v7m-3-3 3 3 3-3M3 13.5h10',
  history: 'M2.8 8a5.2 5.2 0 1 1 1.5 3.7M2.5 12.5v-3h3M8 5v3.3l2.2 1.4',
  link: 'M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 0 0-3.7-3.7l-.9.9M9.2 6.8a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 0 0 3.7 3.7l.9-.9',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  network: 'M8 13h.01M5.5 10.2a3.7 3.7 0 0 1 5 0M3.2 7.6a7 7 0 0 1 9.6 0M1 5a10.4 10.4 0 0 1 14 0',
  pencil: 'M3 13l.6-2.6 7.2-7.2 2 2-7.2 7.2z',
  plus: 'M8 3v10M3 8h10',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9M10.3 10.3l3.4 3.4',
  send: 'M2.5 8 13.5 3l-3 10.5L7.5 9z',
  share: 'M8 9.5v-7m-3 3 3-3 3 3M3.5 8.5v5h9v-5',
  trash: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.6 9h5.8l.6-9M7 7v4M9 7v4',
} as const;

export type IconName = keyof typeof iconPaths;

/** A line drawing the size of the text around it; decoration, the words stand beside it. */
export function icon(name: IconName): SVGSVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  setAttributes(svg, { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' });
  const path = document.createElementNS(namespace, 'path');
  path.setAttribute('d', iconPaths[name]);
  svg.append(path);
  return svg;
}

/** A square button with a drawing only; `label` is its name and its tooltip. */
export function iconButton(name: IconName, label: string, attributes: Attributes = {}): HTMLButtonElement {
  return element('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, ...attributes }, icon(name));
}

/** The page's own small logo, drawn as the favicon is. */
export function brand(): HTMLSpanElement {
  return element('span', { class: 'brand' }, 'coedit');
}
