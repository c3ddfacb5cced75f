// The rich-text editor: Quill with a toolbar of our own and the formats it shows.
import 'quill/dist/quill.snow.css';
import './styles/rich_editor.css';
import { bindQuill } from 'coedit/quill';
import Quill from 'quill';
import { element } from './dom.js';
import type { EditorContext, MountedEditor, Place } from './mounted_editor.js';

interface Tool {
  /** Quill's format; the class of the button tells it. */
  readonly format: string;
  readonly value?: string;
  readonly label: string;
  readonly keys?: string;
}

const commandKey = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl+';

const toolGroups: readonly (readonly Tool[])[] = [
  [
    { format: 'header', value: '1', label: 'Heading' },
    { format: 'header', value: '2', label: 'Subheading' },
  ],
  [
    { format: 'bold', label: 'Bold', keys: 'B' },
    { format: 'italic', label: 'Italic', keys: 'I' },
    { format: 'underline', label: 'Underline', keys: 'U' },
    { format: 'strike', label: 'Strikethrough' },
    { format: 'code', label: 'Code' },
    { format: 'link', label: 'Link' },
  ],
  [
    { format: 'list', value: 'ordered', label: 'Numbered list' },
    { format: 'list', value: 'bullet', label: 'Bulleted list' },
    { format: 'list', value: 'check', label: 'Checklist' },
    { format: 'blockquote', label: 'Quote' },
    { format: 'code-block', label: 'Code block' },
  ],
];

/** Only what the toolbar offers: pasted colours and fonts would be unreadable in the other colour scheme. */
const formats = ['header', 'bold', 'italic', 'underline', 'strike', 'code', 'link', 'list', 'indent', 'blockquote', 'code-block'];

function toolButton({ format, value, label, keys }: Tool): HTMLButtonElement {
  return element('button', {
    type: 'button',
    class: `ql-${format}`,
    title: keys === undefined ? label : `${label} (${commandKey}${keys})`,
    tabindex: '-1',
    ...(value === undefined ? {} : { value }),
  });
}

/** One tab stop for the whole bar; arrow keys go along it. */
function moveByArrows(bar: HTMLElement, buttons: readonly HTMLButtonElement[]): void {
  buttons[0]?.setAttribute('tabindex', '0');
  bar.addEventListener('keydown', (event) => {
    const at = buttons.findIndex((button) => button === document.activeElement);
    const steps: { readonly [key: string]: number } = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buttons.length - 1 };
    const to = steps[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    buttons.at(to % buttons.length)?.focus();
  });
  bar.addEventListener('focusin', ({ target }) => {
    for (const button of buttons) button.tabIndex = button === target ? 0 : -1;
  });
}

/** How far from the edges someone's cursor is kept while it is followed. */
const revealMarginPx = 120;

/** Quill draws the same for code within a line and for a block of code: ours has a frame. */
const codeBlockIcon =
  '<svg viewBox="0 0 18 18"><rect class="ql-stroke" height="13" rx="2" width="14" x="2" y="2.5"/>' +
  '<polyline class="ql-even ql-stroke" points="7 6.5 4.5 9 7 11.5"/><polyline class="ql-even ql-stroke" points="11 6.5 13.5 9 11 11.5"/></svg>';

function start(toolbar: HTMLElement, node: HTMLElement, tools: readonly { tool: Tool; button: HTMLButtonElement }[]): Quill {
  (Quill.import('ui/icons') as Record<string, unknown>)['code-block'] = codeBlockIcon;
  const quill = new Quill(node, {
    theme: 'snow',
    formats,
    modules: {
      toolbar,
      history: { userOnly: true, delay: 800 },
      keyboard: {
        // Tab leaves the editor as it leaves any field; in lists and code it indents.
        bindings: { tab: { key: 'Tab', handler: () => true } },
      },
    },
  });
  const { root } = quill;
  root.setAttribute('role', 'textbox');
  root.setAttribute('aria-multiline', 'true');
  root.setAttribute('aria-label', 'Text of the document');
  for (const { tool, button } of tools) button.setAttribute('aria-label', tool.label);
  moveByArrows(toolbar, tools.map(({ button }) => button));
  node.querySelector('.ql-tooltip input')?.setAttribute('aria-label', 'Address of the link');
  return quill;
}

/** What the sticky bars leave of the window. */
function viewBetweenBars(toolbar: HTMLElement): { readonly top: number; readonly bottom: number } {
  return { top: toolbar.getBoundingClientRect().bottom, bottom: innerHeight };
}

export function mountRichEditor(sheet: HTMLElement, { shared }: EditorContext): MountedEditor & { readonly quill: Quill } {
  const groups = toolGroups.map((tools) => tools.map((tool) => ({ tool, button: toolButton(tool) })));
  const toolbar = element(
    'div',
    { class: 'toolbar', role: 'toolbar', 'aria-label': 'Formatting' },
    ...groups.map((group) => element('span', { class: 'ql-formats' }, ...group.map(({ button }) => button))),
  );
  const node = element('div', { class: 'editor' });
  sheet.append(toolbar, node);
  const quill = start(toolbar, node, groups.flat());
  quill.root.dataset['placeholder'] = 'Write something…';
  const binding = bindQuill(shared, quill, { cursors: true });
  const followRole = (): void => {
    const reads = shared.role === 'reader' || shared.role === 'commenter';
    sheet.classList.toggle('read-only', reads);
    quill.root.setAttribute('aria-readonly', String(reads));
  };
  const off = shared.on('role', followRole);
  followRole();

  const caretPlace = (position: number): Place | null => {
    const bounds = quill.getBounds(Math.min(position, quill.getLength() - 1));
    if (bounds === null) return null;
    const origin = quill.container.getBoundingClientRect();
    return { left: origin.left + bounds.left, top: origin.top + bounds.top, height: bounds.height };
  };
  return {
    kind: 'rich-text',
    quill,
    focus: () => quill.focus({ preventScroll: true }),
    caretPlace,
    reveal: (position) => {
      const place = caretPlace(position);
      if (place === null) return;
      const { top, bottom } = viewBetweenBars(toolbar);
      const margin = Math.min(revealMarginPx, (bottom - top) / 3);
      const above = place.top - (top + margin);
      const below = place.top + place.height - (bottom - margin);
      const by = above < 0 ? above : below > 0 ? below : 0;
      if (by !== 0) window.scrollBy({ top: by });
    },
    view: () => viewBetweenBars(toolbar),
    destroy: () => {
      off();
      binding.destroy();
    },
  };
}
