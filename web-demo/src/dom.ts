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
  check: 'm3.5 8.5 3 3 6-7',
  close: 'm4 4 8 8m0-8-8 8',
  copy: 'M6 5.5h7v8H6zM3 10.5v-8h7',
  document: 'M4 2h5.5L12 4.5V14H4zM6.5 7h3M6.5 10h3',
  download: 'M8 2.5v7m-3-3 3 3 3-3M3 13.5h10',
  link: 'M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 0 0-3.7-3.7l-.9.9M9.2 6.8a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 0 0 3.7 3.7l.9-.9',
  plus: 'M8 3v10M3 8h10',
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

/** The page's own small logo, drawn as the favicon is. */
export function brand(): HTMLSpanElement {
  return element('span', { class: 'brand' }, 'coedit');
}
