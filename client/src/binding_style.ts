// The looks of what bindings draw. A constructed style sheet, because a strict content security policy
// (`style-src 'self'`) lets neither style elements nor style attributes in. `:where` has no weight: any
// rule of the application on the same classes wins.

const rules = `
:where(.coedit-cursors) {
  position: absolute; top: 0; left: 0; overflow: hidden; overflow: clip; pointer-events: none; z-index: 1;
  contain: layout style;
}
:where(.coedit-selection, .coedit-cursor) {
  position: absolute; background: var(--coedit-color); forced-color-adjust: none;
}
:where(.coedit-selection) { opacity: 0.25; }
:where(.coedit-cursor) { width: 2px; box-shadow: 0 0 0 1px rgb(255 255 255 / 0.35); border-radius: 1px; }
:where(.coedit-cursor)::before {
  content: ''; position: absolute; top: -3px; left: -2px; width: 6px; height: 6px; border-radius: 50%;
  background: var(--coedit-color);
}
:where(.coedit-cursor-flag) {
  position: absolute; bottom: 100%; left: -2px; max-width: 160px; box-sizing: border-box; padding: 0 6px;
  overflow: hidden; white-space: nowrap; text-overflow: ellipsis; text-align: start; unicode-bidi: isolate;
  font: 600 11px/17px system-ui, sans-serif; letter-spacing: normal; text-indent: 0; text-transform: none;
  border-radius: 4px 4px 4px 0; background: var(--coedit-color); color: var(--coedit-label);
  opacity: 0; visibility: hidden; transition: opacity 0.2s, visibility 0s 0.2s;
}
:where(.coedit-cursor.coedit-active) > :where(.coedit-cursor-flag) {
  opacity: 1; visibility: visible; transition: none;
}
:where(.coedit-cursor.coedit-below) > :where(.coedit-cursor-flag) {
  bottom: auto; top: 100%; border-radius: 0 4px 4px 4px;
}
:where(.coedit-cursor.coedit-leftward) > :where(.coedit-cursor-flag) {
  left: auto; right: -2px; border-radius: 4px 4px 0 4px;
}
:where(.coedit-cursor.coedit-below.coedit-leftward) > :where(.coedit-cursor-flag) { border-radius: 4px 0 4px 4px; }
:where(.coedit-mirror) {
  position: absolute; top: 0; left: 0; width: 0; height: 0; overflow: hidden; visibility: hidden; pointer-events: none;
}
:where(.coedit-mirror > div) { margin: 0; border: 0; box-sizing: border-box; }
@media (forced-colors: active) {
  :where(.coedit-selection) { opacity: 0.4; }
  :where(.coedit-cursor-flag) { outline: 1px solid CanvasText; }
}
@media (prefers-reduced-motion: reduce) { :where(.coedit-cursor-flag) { transition: none; } }
`;

/** Roots that have it: the page, and each shadow tree with an editor in it. */
const styled = new WeakSet<Node>();
let sheet: CSSStyleSheet | null = null;

/** Makes the looks known where `node` stands. */
export function ensureStyles(node: Node): void {
  const root = node.getRootNode() as Node & Partial<DocumentOrShadowRoot>;
  if (!node.isConnected || styled.has(root)) return;
  styled.add(root);
  if (root.adoptedStyleSheets !== undefined && typeof CSSStyleSheet === 'function') {
    if (sheet === null) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(rules);
    }
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
    return;
  }
  // Browsers before 2023.
  const element = document.createElement('style');
  element.textContent = rules;
  (root instanceof Document ? root.head : root).appendChild(element);
}
