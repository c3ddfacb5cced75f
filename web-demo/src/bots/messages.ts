// What the page and the worker of the bots say to one another.

export const botsMax = 5;

export interface BotIdentity {
  readonly name: string;
  readonly color: string;
}

/** To the worker, once. */
export interface StartBots {
  readonly url: string;
  readonly documentId: string;
  readonly bots: readonly BotIdentity[];
  readonly speed: number;
}

/** From the worker. */
export type BotsReport =
  /** So many are in the document and type. */
  | { readonly kind: 'typing'; readonly count: number }
  /** All have typed all they had. */
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly reason: string };
