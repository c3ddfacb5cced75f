// Other people's cursors and selections over a Quill editor: an overlay of its own, built by node
// calls only, drawn anew for each frame in which something moved.
import type Quill from 'quill';
import type { SharedDocument } from './shared_document.js';
import { labelColor } from './names.js';
import type { RoomMember } from './presence.js';

const flagHeightPx = 16;
/** A flag may cover so much of its own line at the top of the editor, before it goes below it. */
const flagOverlapMaxPx = 8;
const flagWidthMaxPx = 160;
/** Of one selection; more is not seen anyway. */
const rectanglesMax = 400;
const membersMax = 50;

interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function element(className: string, style: Partial<CSSStyleDeclaration>): HTMLDivElement {
  const node = document.createElement('div');
  node.className = className;
  Object.assign(node.style, style);
  return node;
}

export class CursorLayer {
  private readonly layer: HTMLDivElement;
  private readonly off: (() => void)[] = [];
  private frame: number | null = null;

  constructor(
    private readonly shared: SharedDocument,
    private readonly quill: Quill,
  ) {
    const { container, root } = quill;
    // The members list says who is here; these are decoration.
    this.layer = element('coedit-cursors', {
      position: 'absolute',
      inset: '0',
      overflow: 'hidden',
      pointerEvents: 'none',
      zIndex: '1',
    });
    this.layer.setAttribute('aria-hidden', 'true');
    if (getComputedStyle(container).position === 'static') container.style.position = 'relative';
    container.append(this.layer);
    const draw = (): void => this.draw();
    this.off.push(shared.on('presence', draw), shared.on('members', draw), shared.on('change', draw), shared.on('status', draw));
    root.addEventListener('scroll', draw, { passive: true });
    window.addEventListener('resize', draw);
    this.off.push(() => {
      root.removeEventListener('scroll', draw);
      window.removeEventListener('resize', draw);
    });
    if (typeof ResizeObserver === 'function') {
      const observer = new ResizeObserver(draw);
      observer.observe(root);
      this.off.push(() => observer.disconnect());
    }
  }

  /** Draws with the next frame. */
  draw(): void {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.layer.replaceChildren(...this.nodes());
    });
  }

  destroy(): void {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    for (const off of this.off) off();
    this.layer.remove();
  }

  private nodes(): HTMLElement[] {
    // Who is not connected cannot know where the others are.
    const { status } = this.shared;
    if (status !== 'saved' && status !== 'saving') return [];
    const others = this.shared.members.filter(({ self, ranges }) => !self && ranges !== undefined && ranges.length > 0);
    return others.slice(0, membersMax).flatMap((member) => this.nodesOf(member));
  }

  private nodesOf(member: RoomMember): HTMLElement[] {
    const { color } = member.user;
    const last = Math.max(0, this.quill.getLength() - 1);
    const nodes: HTMLElement[] = [];
    for (const { anchor, head } of member.ranges ?? []) {
      const from = Math.min(anchor, head, last);
      const to = Math.min(Math.max(anchor, head), last + 1);
      for (const place of this.selected(from, to)) nodes.push(this.block('coedit-selection', place, color, '0.25'));
      const caret = this.quill.getBounds(Math.min(head, last));
      if (caret !== null && this.isVisible(caret)) nodes.push(this.caret(member, { ...caret, width: 2 }));
    }
    return nodes;
  }

  /** Whether any of it is within the part of the editor that is scrolled to. */
  private isVisible({ top, height }: { readonly top: number; readonly height: number }): boolean {
    const visible = this.layer.clientHeight;
    return visible === 0 || (top + height > 0 && top < visible);
  }

  private block(className: string, { left, top, width, height }: Place, color: string, opacity: string): HTMLDivElement {
    return element(className, {
      position: 'absolute',
      left: `${left}px`,
      top: `${top}px`,
      width: `${width}px`,
      height: `${height}px`,
      backgroundColor: color,
      opacity,
    });
  }

  private caret(member: RoomMember, place: Place): HTMLDivElement {
    const { name, color } = member.user;
    const caret = this.block('coedit-cursor', place, color, '1');
    caret.dataset['session'] = member.sessionId;
    // Above the line, but inside the editor: lower on the first one, to the left at the right edge.
    const room = Math.min(flagHeightPx, place.top);
    const flagTop = room >= flagHeightPx - flagOverlapMaxPx ? -room : place.height;
    const leftward = this.layer.clientWidth > 0 && place.left + flagWidthMaxPx > this.layer.clientWidth;
    const flag = element('coedit-cursor-flag', {
      position: 'absolute',
      top: `${flagTop}px`,
      [leftward ? 'right' : 'left']: '0',
      maxWidth: `${flagWidthMaxPx}px`,
      boxSizing: 'border-box',
      padding: '0 5px',
      borderRadius: '3px',
      backgroundColor: color,
      color: labelColor(color),
      font: `600 11px/${flagHeightPx}px system-ui, sans-serif`,
      whiteSpace: 'nowrap',
      overflow: 'hidden',
      textOverflow: 'ellipsis',
      textAlign: 'left',
      unicodeBidi: 'isolate',
    });
    flag.textContent = name;
    caret.append(flag);
    return caret;
  }

  /** Where the characters of a selection stand, piece by piece, so that wrapped lines look right. */
  private selected(from: number, to: number): Place[] {
    if (to <= from) return [];
    const { quill } = this;
    const [startBlot, startOffset] = quill.getLeaf(from);
    const [endBlot, endOffset] = quill.getLeaf(to);
    if (startBlot === null || endBlot === null) return [];
    const origin = quill.container.getBoundingClientRect();
    const places: Place[] = [];
    const range = document.createRange();
    const walker = document.createTreeWalker(quill.root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    let inside = false;
    for (let node: Node | null = walker.nextNode(); node !== null && places.length < rectanglesMax; node = walker.nextNode()) {
      if (node === startBlot.domNode) inside = true;
      if (inside && (node instanceof Text || node.childNodes.length === 0)) {
        range.selectNode(node);
        if (node instanceof Text) {
          if (node === startBlot.domNode) range.setStart(node, Math.min(startOffset, node.length));
          if (node === endBlot.domNode) range.setEnd(node, Math.min(endOffset, node.length));
        }
        for (const { left, top, width, height } of range.getClientRects()) {
          const place = { left: left - origin.left, top: top - origin.top, width, height };
          if (width > 0 && this.isVisible(place)) places.push(place);
        }
      }
      if (node === endBlot.domNode) break;
    }
    return places;
  }
}
