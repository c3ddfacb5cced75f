// Self-describing text. Every insert is one tag that says who made it under which sequence; every
// delete removes whole tags; nobody types inside a tag. So the text alone tells what was applied, and
// how often, whatever it was carried over.

const anyTag = /<[0-9a-f]+:\d+>/g;

export function tag(writer, sequence) {
  return `<${writer}:${sequence}>`;
}

/** The tags in order. Throws if the text is anything but whole tags. */
export function tagsIn(text) {
  const tags = text.match(anyTag) ?? [];
  if (tags.join('') !== text) throw new Error(`a torn tag in ${JSON.stringify(text.slice(0, 200))}`);
  return tags;
}

/** A place between two tags: [position, the tag that begins there or undefined]. */
export function placeIn(text, fraction) {
  const tags = tagsIn(text);
  const count = Math.floor(fraction * (tags.length + 1));
  return [tags.slice(0, count).join('').length, tags[count]];
}
