// 128 random bits as 32 lower-case hex digits.

interface RandomSource {
  getRandomValues(array: Uint8Array): Uint8Array;
}

/**
 * At once where the platform has a global generator; Node 18 hides its own behind an import, whose
 * name is kept from bundlers, since no browser ever gets there.
 */
export function randomClientId(): string | Promise<string> {
  const source = (globalThis as { crypto?: RandomSource }).crypto;
  if (source !== undefined) return hex(source);
  const name = 'node:crypto';
  return (import(/* @vite-ignore */ /* webpackIgnore: true */ name) as Promise<{ webcrypto: RandomSource }>).then(
    ({ webcrypto }) => hex(webcrypto),
  );
}

function hex(source: RandomSource): string {
  return Array.from(source.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
