// A person as a coloured disc with initials.
import { labelColor, type User } from 'coedit';
import { element } from './dom.js';
import { initials } from './identity.js';

/** Decoration: the name stands beside it or in the label around it. */
export function avatar({ name, color }: Pick<User, 'name' | 'color'>): HTMLSpanElement {
  const disc = element('span', { class: 'avatar', 'aria-hidden': 'true' }, initials(name));
  disc.style.backgroundColor = color;
  disc.style.color = labelColor(color);
  return disc;
}
