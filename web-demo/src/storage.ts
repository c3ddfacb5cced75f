// What this browser remembers, as JSON. A browser that forbids storage forgets with the page.

const fallback = new Map<string, string>();

/** The stored value, or undefined when there is none or it is no JSON. Its shape is the caller's to check. */
export function readStored(key: string): unknown {
  let text: string | null | undefined;
  try {
    text = localStorage.getItem(key);
  } catch {
    text = fallback.get(key);
  }
  if (text === null || text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function writeStored(key: string, value: unknown): void {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(key, text);
  } catch {
    fallback.set(key, text);
  }
}
