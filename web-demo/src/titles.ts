// Titles as people read them: what was given, or else the first line of the text.

/** As the server counts and takes them. */
export const titleUnitsMax = 256;
const firstLineCharactersMax = 80;

export const untitled = 'Untitled document';

/** A title as it may be shown or sent: one line, nothing that is invisible or turns the direction. */
export function cleanTitle(title: string): string {
  return title
    .slice(0, 4 * titleUnitsMax)
    .replace(/[\s\p{Zs}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, (character) => (character === '\u200d' ? character : ''))
    .trim()
    .slice(0, titleUnitsMax)
    .replace(/[\ud800-\udbff]$/, '')
    .trim();
}

/** The first line with something on it, shortened. */
export function firstLineOf(text: string): string {
  const line = cleanTitle(/[^\s\ufffc][^\n]*/u.exec(text)?.[0].slice(0, 2_000).replaceAll('\ufffc', '') ?? '');
  const characters = [...line];
  return characters.length <= firstLineCharactersMax ? line : `${characters.slice(0, firstLineCharactersMax).join('').trimEnd()}…`;
}

export function titleOrUntitled(title: string): string {
  return title === '' ? untitled : title;
}
