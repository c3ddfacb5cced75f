// Other people's cursors and selections over an editor: an overlay beside the text, built by node calls
// only. Each person keeps the same nodes as long as they are in sight. A name shows while its cursor is
// at work and under the mouse, and fades, so that it does not stand on the text.
import { ensureStyles } from './binding_style.js';
import { type Delta, type Op, opLength } from './delta.js';
import { labelColor } from './names.js';
import type { RoomMember } from './presence.js';
import type { SharedDocument } from './shared_document.js';

/** In pixels of the window, as `getBoundingClientRect` tells. */
export interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Where an editor shows its text. */
export interface CursorGeometry {
  /** The part of the window that shows text: cursors are clipped to it. */
  viewport(): Place;
  /** Of a caret there; its width is of no account. Null when that place is not laid out. */
  caret(position: number): Place | null;
  /** Of the characters between, piece by piece, at least those in the viewport. */
  selection(from: number, to: number): readonly Place[];
  /** The last place a caret can be at. */
  caretMax(): number;
}

const nameShownMs = 2_500;
const flagHeightPx = 17;
const flagWidthMaxPx = 160;
/** How near the mouse must come for a name to show. */
const hoverReachPx = 6;
/** The viewport ends at the first letter's edge in some editors: a caret stands half on it. */
const edgePx = 3;
/** Of one selection; more is not seen anyway. */
const rectanglesMax = 400;
const membersMax = 50;

function element(className: string): HTMLDivElement {
  const node = document.createElement('div');
  node.className = className;
  return node;
}

/** Writes only what is another: an unchanged style costs nothing. */
function put(node: HTMLElement, property: string, value: string): void {
  if (node.style.getPropertyValue(property) !== value) node.style.setProperty(property, value);
}

function putPlace(node: HTMLElement, { left, top, width, height }: Place): void {
  put(node, 'left', `${left}px`);
  put(node, 'top', `${top}px`);
  put(node, 'width', `${width}px`);
  put(node, 'height', `${height}px`);
}

/** Whether the delta inserts exactly there, or takes away what stands next to it. */
function touches(delta: Delta, position: number): boolean {
  let at = 0;
  for (const op of delta.ops as Op[]) {
    if (at > position) return false;
    if (op.insert !== undefined) {
      if (at === position) return true;
      continue;
    }
    at += opLength(op);
    if (op.delete !== undefined && at >= position) return true;
  }
  return false;
}

interface Layout {
  readonly member: RoomMember;
  readonly caret: Place | null;
  readonly selected: readonly Place[];
}

/** One cursor's nodes. */
class CursorNodes {
  readonly caret = element('coedit-cursor');
  private readonly flag = element('coedit-cursor-flag');
  private readonly pieces: HTMLDivElement[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy = true;
  private hovered = false;
  private place: Place | null = null;

  constructor(
    private readonly layer: HTMLElement,
    sessionId: string,
  ) {
    this.caret.dataset['session'] = sessionId;
    this.caret.append(this.flag);
    this.wake();
  }

  /** `room` is the overlay's own box, places are relative to it. */
  put({ member, caret, selected }: Layout, room: Place): void {
    const { name, color } = member.user;
    while (this.pieces.length > selected.length) this.pieces.pop()?.remove();
    selected.forEach((place, index) => {
      let piece = this.pieces[index];
      if (piece === undefined) {
        this.pieces.push((piece = element('coedit-selection')));
        this.layer.prepend(piece);
      }
      put(piece, '--coedit-color', color);
      putPlace(piece, place);
    });
    this.place = caret;
    if (caret === null) {
      this.caret.remove();
      return;
    }
    put(this.caret, '--coedit-color', color);
    put(this.caret, '--coedit-label', labelColor(color));
    put(this.caret, 'left', `${caret.left}px`);
    put(this.caret, 'top', `${caret.top}px`);
    put(this.caret, 'height', `${caret.height}px`);
    // Above its line, but inside the editor: below the first one, to the left at the right edge.
    this.caret.classList.toggle('coedit-below', caret.top < flagHeightPx);
    this.caret.classList.toggle('coedit-leftward', caret.left + flagWidthMaxPx > room.width && caret.left > flagWidthMaxPx);
    if (this.flag.textContent !== name) this.flag.textContent = name;
    if (this.caret.parentNode !== this.layer) this.layer.append(this.caret);
  }

  /** Shows the name for a while. */
  wake(): void {
    this.busy = true;
    this.show();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.busy = false;
      this.show();
    }, nameShownMs);
  }

  /** The mouse is at that place of the overlay, or (null) nowhere near it. */
  hover(at: { readonly left: number; readonly top: number } | null): void {
    const { place } = this;
    this.hovered =
      at !== null &&
      place !== null &&
      Math.abs(at.left - place.left) <= hoverReachPx &&
      at.top >= place.top - hoverReachPx &&
      at.top <= place.top + place.height;
    this.show();
  }

  remove(): void {
    clearTimeout(this.timer);
    this.caret.remove();
    for (const piece of this.pieces) piece.remove();
  }

  private show(): void {
    this.caret.classList.toggle('coedit-active', this.busy || this.hovered);
  }
}

export class CursorOverlay {
  private readonly layer = element('coedit-cursors');
  private readonly nodes = new Map<string, CursorNodes>();
  private readonly heads = new Map<string, number>();
  private readonly off: (() => void)[] = [];
  private frame: number | null = null;

  /** `upToDate` tells whether the editor shows what the members' ranges are of. */
  constructor(
    private readonly shared: SharedDocument,
    host: HTMLElement | ShadowRoot,
    private readonly geometry: CursorGeometry,
    private readonly upToDate: () => boolean,
  ) {
    // The application's list of members says who is here; these are decoration.
    this.layer.setAttribute('aria-hidden', 'true');
    host.append(this.layer);
    const draw = (): void => this.draw();
    this.off.push(
      shared.on('presence', ({ sessionId }) => {
        for (const [key, nodes] of this.nodes) if (key.startsWith(`${sessionId}/`)) nodes.wake();
        this.draw();
      }),
      shared.on('change', ({ delta, source }) => {
        // Who types tells no new position: it follows from the edit.
        if (source === 'remote') for (const [key, head] of this.heads) if (touches(delta, head)) this.nodes.get(key)?.wake();
        this.draw();
      }),
      shared.on('members', draw),
      shared.on('status', draw),
    );
    const listen = (target: EventTarget, event: string, handler: (event: never) => void, capture = false): void => {
      target.addEventListener(event, handler as EventListener, { passive: true, capture });
      this.off.push(() => target.removeEventListener(event, handler as EventListener, { capture }));
    };
    listen(host, 'pointermove', ({ clientX, clientY }: PointerEvent) => this.hover({ left: clientX, top: clientY }));
    listen(host, 'pointerleave', () => this.hover(null));
    // Of the editor, and of whatever it stands in.
    listen(host, 'scroll', draw, true);
    listen(document, 'scroll', draw, true);
    listen(window, 'resize', draw);
    if (typeof ResizeObserver === 'function' && host instanceof HTMLElement) {
      const observer = new ResizeObserver(draw);
      observer.observe(host);
      this.off.push(() => observer.disconnect());
    }
    this.draw();
  }

  /** Draws with the next frame. */
  draw(): void {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      // During a composition the ranges are ahead of what is shown: things stay where they are.
      if (this.upToDate()) this.drawNow();
    });
  }

  destroy(): void {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    for (const off of this.off) off();
    for (const nodes of this.nodes.values()) nodes.remove();
    this.layer.remove();
  }

  private drawNow(): void {
    const others = this.others();
    if (others.length === 0 && this.nodes.size === 0) return;
    const { room, origin, scale } = this.lay();
    const local = ({ left, top, width, height }: Place): Place => ({
      left: (left - origin.left) / scale,
      top: (top - origin.top) / scale,
      width: width / scale,
      height: height / scale,
    });
    const isVisible = ({ left, top, width, height }: Place): boolean =>
      room.height === 0 ||
      (top + height > 0 && top < room.height && left + width >= -edgePx && left <= room.width + edgePx);
    // Everything is measured before anything is moved.
    const layouts = new Map<string, Layout>();
    const last = this.geometry.caretMax();
    this.heads.clear();
    for (const member of others) {
      (member.ranges ?? []).forEach(({ anchor, head }, index) => {
        const from = Math.min(anchor, head, last);
        const to = Math.max(anchor, head);
        const selected = to > from ? this.geometry.selection(from, to).map(local).filter(isVisible).slice(0, rectanglesMax) : [];
        const place = this.geometry.caret(Math.min(head, last));
        const caret = place === null ? null : local(place);
        const key = `${member.sessionId}/${index}`;
        this.heads.set(key, head);
        layouts.set(key, { member, selected, caret: caret !== null && isVisible(caret) ? caret : null });
      });
    }
    for (const [key, nodes] of this.nodes) {
      if (layouts.has(key)) continue;
      nodes.remove();
      this.nodes.delete(key);
    }
    for (const [key, layout] of layouts) {
      let nodes = this.nodes.get(key);
      if (nodes === undefined) this.nodes.set(key, (nodes = new CursorNodes(this.layer, layout.member.sessionId)));
      nodes.put(layout, room);
    }
  }

  private others(): readonly RoomMember[] {
    // Who is not connected cannot know where the others are.
    const { status } = this.shared;
    if (status === 'connecting' || status === 'reconnecting' || status === 'offline' || status === 'closed') return [];
    return this.shared.members.filter(({ self, ranges }) => !self && ranges !== undefined && ranges.length > 0).slice(0, membersMax);
  }

  /** Puts the overlay over the viewport, wherever its host stands. */
  private lay(): { readonly room: Place; readonly origin: Place; readonly scale: number } {
    const { layer } = this;
    ensureStyles(layer);
    const viewport = this.geometry.viewport();
    let origin = layer.getBoundingClientRect();
    // Scaled editors: the window's pixels are not the editor's own.
    const scale = layer.offsetWidth > 0 && origin.width > 0 ? origin.width / layer.offsetWidth : 1;
    const width = viewport.width / scale;
    const height = viewport.height / scale;
    const left = (Number.parseFloat(layer.style.left) || 0) + (viewport.left - origin.left) / scale;
    const top = (Number.parseFloat(layer.style.top) || 0) + (viewport.top - origin.top) / scale;
    putPlace(layer, { left, top, width, height });
    origin = layer.getBoundingClientRect();
    return { room: { left: 0, top: 0, width, height }, origin, scale };
  }

  private hover(at: { readonly left: number; readonly top: number } | null): void {
    if (this.nodes.size === 0) return;
    const { left, top } = this.layer.getBoundingClientRect();
    for (const nodes of this.nodes.values()) nodes.hover(at === null ? null : { left: at.left - left, top: at.top - top });
  }
}
