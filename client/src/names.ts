// Names and colours of other people, made safe to show: they come from strangers.

const nameCharactersMax = 64;
const marksMax = 4;
const colorPattern = /^#[0-9a-f]{6}$/i;

/** Dark enough for white labels, different enough from one another. */
const palette = ['#c92a2a', '#a61e4d', '#862e9c', '#5f3dc4', '#364fc7', '#1864ab', '#0b7285', '#087f5b', '#2b8a3e', '#5c940d', '#a65c00', '#d9480f'];

/**
 * At most 64 characters on one line, without controls, direction overrides, invisible characters or
 * towers of combining marks; `Anonymous` when nothing is left.
 */
export function displayName(name: string): string {
  const visible = name
    .slice(0, 2_000)
    .replace(/[\s\p{Zs}]+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => (character === '\u200d' ? character : ''))
    .replace(new RegExp(`(\\p{M}{${marksMax}})\\p{M}+`, 'gu'), '$1')
    .trim();
  const short = [...visible].slice(0, nameCharactersMax).join('').trim();
  return /[^\u200d\s]/.test(short) ? short : 'Anonymous';
}

/** The colour if it is "#rrggbb", else one of the palette by author number. */
export function displayColor(color: string, author: number): string {
  return colorPattern.test(color) ? color.toLowerCase() : (palette[author % palette.length] as string);
}

/** Black or white, whichever reads better on the colour ("#rrggbb"). */
export function labelColor(color: string): '#000000' | '#ffffff' {
  const channel = (at: number): number => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
  return (luminance + 0.05) ** 2 > 1.05 * 0.05 ? '#000000' : '#ffffff';
}
