// The few drawings of the panel that the rest of the page (dom.ts) has no use for.
const paths = {
  play: 'M5 3.2v9.6L12.8 8z',
  pause: 'M5.2 3.2v9.6M10.8 3.2v9.6',
  forward: 'M6 3.5 10.5 8 6 12.5',
  restore: 'M3 3.2v3.6h3.6M3.2 6.6A5.2 5.2 0 1 1 2.8 9',
  versions: 'M3 4h10M3 8h10M3 12h6',
  flag: 'M4 14V2.5h8L10 5.7l2 3.3H4',
} as const;

export type HistoryIcon = keyof typeof paths;

/** Decoration: the words stand beside it or in the label around it. */
export function historyIcon(name: HistoryIcon): SVGSVGElement {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  for (const [attribute, value] of Object.entries({ class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true', focusable: 'false' })) {
    svg.setAttribute(attribute, value);
  }
  const path = document.createElementNS(namespace, 'path');
  path.setAttribute('d', paths[name]);
  svg.append(path);
  return svg;
}
