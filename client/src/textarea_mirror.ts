// Where the characters of a text field are: browsers do not tell. An unseen copy of the field's text in
// a box of the same measures is laid out alike, and there it can be asked. Made only when it is needed.
import type { CursorGeometry, Place } from './binding_cursors.js';
import { ensureStyles } from './binding_style.js';

/** What `bindTextarea` binds. */
export type TextField = HTMLTextAreaElement | HTMLInputElement;

/** What shapes text; the copy takes it over. */
const shaping = [
  'direction', 'font-family', 'font-feature-settings', 'font-kerning', 'font-optical-sizing', 'font-size',
  'font-size-adjust', 'font-stretch', 'font-style', 'font-variant', 'font-variation-settings', 'font-weight',
  'hyphens', 'letter-spacing', 'line-break', 'line-height', 'overflow-wrap', 'padding-bottom', 'padding-left',
  'padding-right', 'padding-top', 'tab-size', 'text-align', 'text-indent', 'text-rendering', 'text-transform',
  'unicode-bidi', 'word-break', 'word-spacing', 'writing-mode',
] as const;

/** Longer texts have no copy: it would cost as much layout as the field itself. */
const textUnitsMax = 200_000;

/** Gives the last line a box even when it is empty. */
const end = '\u200b';

/** Letters that are written from right to left. */
const leftward = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

export class FieldMirror implements CursorGeometry {
  /** Of no size itself: a long text must not make the page scroll. */
  private readonly outside = document.createElement('div');
  private readonly box = document.createElement('div');
  private readonly text = document.createTextNode('');
  private readonly range = document.createRange();

  constructor(private readonly field: TextField) {
    this.outside.className = 'coedit-mirror';
    this.outside.setAttribute('aria-hidden', 'true');
    this.outside.append(this.box);
    this.box.append(this.text, end);
  }

  destroy(): void {
    this.outside.remove();
  }

  viewport(): Place {
    const { left, top } = this.field.getBoundingClientRect();
    const { clientLeft, clientTop, clientWidth, clientHeight } = this.field;
    return { left: left + clientLeft, top: top + clientTop, width: clientWidth, height: clientHeight };
  }

  caretMax(): number {
    return this.field.value.length;
  }

  caret(position: number): Place | null {
    return this.refresh() ? this.placeOf(position) : null;
  }

  selection(from: number, to: number): readonly Place[] {
    if (!this.refresh()) return [];
    this.range.setStart(this.text, Math.min(from, this.text.length));
    this.range.setEnd(this.text, Math.min(to, this.text.length));
    return [...this.range.getClientRects()].filter(({ width }) => width > 0).map((place) => this.inField(place));
  }

  /** The first place whose line is in sight. */
  firstVisible(): number {
    if (!this.refresh()) return 0;
    const { top } = this.viewport();
    let low = 0;
    let high = this.field.value.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const place = this.placeOf(middle);
      if (place === null) return 0;
      if (place.top < top) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private placeOf(position: number): Place | null {
    const { data } = this.text;
    const at = Math.min(position, data.length);
    if (at === data.length) {
      this.range.selectNode(this.text.nextSibling as Text);
    } else {
      const units = (data.charCodeAt(at) & 0xfc00) === 0xd800 ? 2 : 1;
      this.range.setStart(this.text, at);
      this.range.setEnd(this.text, Math.min(at + units, data.length));
    }
    const [place] = this.range.getClientRects();
    if (place === undefined) return null;
    const left = leftward.test(data.charAt(at)) ? place.right : place.left;
    return this.inField({ left, top: place.top, width: 0, height: place.height });
  }

  /** The copy is laid out unscrolled, at its own place. */
  private inField({ left, top, width, height }: Place): Place {
    const { scrollLeft, scrollTop } = this.field;
    const box = this.box.getBoundingClientRect();
    const viewport = this.viewport();
    return { left: left - box.left + viewport.left - scrollLeft, top: top - box.top + viewport.top - scrollTop, width, height };
  }

  /** Makes the copy like the field; false when there is none to be had. */
  private refresh(): boolean {
    const { field, outside, box, text } = this;
    if (!field.isConnected || field.value.length > textUnitsMax) {
      outside.remove();
      return false;
    }
    if (outside.parentNode !== field.parentNode) {
      field.parentNode?.insertBefore(outside, field.nextSibling);
      ensureStyles(outside);
    }
    const { style } = box;
    const computed = getComputedStyle(field);
    const set = (property: string, value: string): void => {
      if (style.getPropertyValue(property) !== value) style.setProperty(property, value);
    };
    for (const property of shaping) set(property, computed.getPropertyValue(property));
    set('width', `${field.clientWidth}px`);
    if (field instanceof HTMLTextAreaElement) {
      set('white-space', field.wrap === 'off' ? 'pre' : 'pre-wrap');
      if (computed.overflowWrap === 'normal') set('overflow-wrap', 'break-word');
    } else {
      // One line, in the middle of the field.
      set('white-space', 'pre');
      set('height', `${field.clientHeight}px`);
      set('display', 'grid');
      set('align-content', 'center');
    }
    if (text.data !== field.value) text.data = field.value;
    return true;
  }
}
