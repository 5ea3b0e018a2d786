const offset = 0x811c9dc5;
const prime = 0x01000193;

/** A number in [0, 1) that is the same for a text wherever and whenever it is asked, and even over many texts. */
export function hashToUnit(text: string): number {
  let hash = offset;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), prime);
  }
  // FNV-1a alone leaves the high bits of texts that differ at their end too close together.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
