// Typed events. Listeners run in the order of the events even when one of them causes another.

/** What is called with each event. */
export type Listener<E> = (event: E) => void;

/** A listener's own error must not stop the others: it is reported as an uncaught one. */
function report(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

export class Emitter<Events> {
  private readonly listeners = new Map<keyof Events, Set<Listener<never>>>();
  private readonly waiting: (() => void)[] = [];
  private draining = false;

  /** Returns the function that takes the listener off again. */
  on<K extends keyof Events>(kind: K, listener: Listener<Events[K]>): () => void {
    let set = this.listeners.get(kind);
    if (set === undefined) this.listeners.set(kind, (set = new Set()));
    // A wrapper of its own, so that one function can listen twice and each stops alone.
    const own: Listener<Events[K]> = (event) => listener(event);
    set.add(own);
    return () => void set.delete(own);
  }

  emit<K extends keyof Events>(kind: K, event: Events[K]): void {
    this.waiting.push(() => {
      for (const listener of [...(this.listeners.get(kind) ?? [])]) {
        try {
          (listener as Listener<Events[K]>)(event);
        } catch (error) {
          report(error);
        }
      }
    });
    this.drain();
  }

  /** Keeps listeners waiting until `work` is done, so that they see all of it or nothing. */
  hold(work: () => void): void {
    const outer = this.draining;
    this.draining = true;
    try {
      work();
    } finally {
      this.draining = outer;
    }
    this.drain();
  }

  private drain(): void {
    if (this.draining) return;
    this.draining = true;
    try {
      for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) next();
    } finally {
      this.draining = false;
    }
  }
}
