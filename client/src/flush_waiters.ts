// Those who wait until edits are durable: for what was pending when they asked, not for what is
// typed since.
import { isEmpty } from './delta.js';
import type { CoeditError } from './errors.js';
import { type DocumentState, hasPending } from './state.js';

interface Waiter {
  resolve(): void;
  reject(error: CoeditError): void;
  /** The operation that carries the last of what is waited for; null while that was not sent. */
  sequence: number | null;
}

export class FlushWaiters {
  private waiters: Waiter[] = [];

  wait(): Promise<void> {
    return new Promise((resolve, reject) => this.waiters.push({ resolve, reject, sequence: null }));
  }

  /** The state moved on. `reopened`: what was sent may have become part of the buffer again. */
  moved(state: DocumentState, reopened: boolean): void {
    const { inFlight, buffer } = state;
    this.waiters = this.waiters.filter((waiter) => {
      if (reopened) waiter.sequence = null;
      const durable = waiter.sequence !== null && inFlight !== null && inFlight.sequence > waiter.sequence;
      if (durable || !hasPending(state)) {
        waiter.resolve();
        return false;
      }
      if (inFlight !== null && isEmpty(buffer)) waiter.sequence ??= inFlight.sequence;
      return true;
    });
  }

  fail(error: CoeditError): void {
    for (const waiter of this.waiters.splice(0)) waiter.reject(error);
  }
}
