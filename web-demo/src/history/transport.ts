// The bar one walks through time with: play and pause, the slider over all revisions under a band in the
// authors' colours with a flag for each named version, steps, and the speed.
import { element, icon } from '../dom.js';
import { historyIcon } from './history_icons.js';
import { numberOf } from './moments.js';
import { type Speed, firstSpeed, speeds } from './playback.js';

export interface TransportActions {
  /** The user wants this revision. */
  readonly go: (revision: number) => void;
  readonly play: () => void;
}

export class Transport {
  readonly node: HTMLElement;
  readonly slider = element('input', { type: 'range', class: 'history-slider', min: '0', max: '0', step: '1', 'aria-label': 'Revision' });
  private readonly playButton = element('button', { type: 'button', class: 'history-play' });
  private readonly band = element('div', { class: 'history-band', 'aria-hidden': 'true' });
  private readonly flags = element('div', { class: 'history-flags', 'aria-hidden': 'true' });
  private readonly swatch = element('span', { class: 'history-swatch', 'aria-hidden': 'true' });
  private readonly words = element('span', { class: 'history-moment-words' });
  private readonly count = element('span', { class: 'history-count' });
  private readonly back = this.stepButton('back', 'One edit back', -1);
  private readonly forward = this.stepButton('forward', 'One edit forward', 1);
  private readonly speedChoice = element('select', { class: 'field history-speed', 'aria-label': 'Speed of playback' });
  private bandShown = '';
  private head = 0;
  private value = 0;
  private playing: boolean | null = null;

  constructor(private readonly actions: TransportActions) {
    for (const [index, { label }] of speeds.entries()) this.speedChoice.append(element('option', { value: String(index) }, label));
    this.node = element(
      'div',
      { class: 'history-transport' },
      element('p', { class: 'history-moment' }, this.swatch, this.words, this.count),
      element('div', { class: 'history-track' }, this.flags, this.band, this.slider),
      element('div', { class: 'history-buttons' }, this.back, this.playButton, this.forward, this.speedChoice),
    );
    this.slider.addEventListener('input', () => actions.go(Number(this.slider.value)));
    this.playButton.addEventListener('click', () => actions.play());
    this.showPlaying(false);
  }

  get speed(): Speed {
    return speeds[Number(this.speedChoice.value)] ?? firstSpeed(this.head);
  }

  /** The pace a history of this length is first played at. */
  chooseSpeed(head: number): void {
    this.speedChoice.value = String(speeds.indexOf(firstSpeed(head)));
  }

  set disabled(disabled: boolean) {
    for (const control of [this.slider, this.playButton, this.speedChoice]) control.disabled = disabled;
    if (disabled) this.back.disabled = this.forward.disabled = true;
    else this.showSteps();
  }

  /** Where in time: in numbers, in words, and in the author's colour. */
  show(revision: number, head: number, words: string, color: string | null): void {
    if (head !== this.head) {
      this.head = head;
      this.slider.max = String(head);
    }
    this.value = revision;
    // Before the value: a screen reader reads it when the value changes.
    this.slider.setAttribute('aria-valuetext', `${words}. Revision ${numberOf(revision)} of ${numberOf(head)}`);
    this.slider.value = String(revision);
    this.words.textContent = words;
    this.count.textContent = `${numberOf(revision)} of ${numberOf(head)}`;
    this.swatch.hidden = color === null;
    if (color !== null) this.swatch.style.backgroundColor = color;
    this.showSteps();
  }

  showPlaying(playing: boolean): void {
    if (playing === this.playing) return;
    this.playing = playing;
    this.playButton.replaceChildren(historyIcon(playing ? 'pause' : 'play'));
    this.playButton.setAttribute('aria-label', playing ? 'Pause' : 'Play');
    this.playButton.title = playing ? 'Pause (space)' : 'Play (space)';
  }

  showBand(image: string): void {
    if (image === this.bandShown) return;
    this.bandShown = image;
    this.band.style.backgroundImage = image;
  }

  showFlags(revisions: readonly number[]): void {
    const { head } = this;
    this.flags.replaceChildren(
      ...revisions.map((revision) => {
        const flag = element('span', { class: 'history-flag' });
        flag.style.left = `${head === 0 ? 0 : (Math.min(revision, head) / head) * 100}%`;
        return flag;
      }),
    );
  }

  private showSteps(): void {
    this.back.disabled = this.slider.disabled || this.value <= 0;
    this.forward.disabled = this.slider.disabled || this.value >= this.head;
  }

  private stepButton(name: 'back' | 'forward', label: string, by: number): HTMLButtonElement {
    const button = element('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label }, name === 'back' ? icon('back') : historyIcon('forward'));
    button.addEventListener('click', () => this.actions.go(this.value + by));
    return button;
  }
}
