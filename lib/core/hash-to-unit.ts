const offset = 0x811c9dc5;
const prime = 0x01000193;

/** Hashes a text to a number in [0, 1): stable across processes, evenly distributed. */
export function hashToUnit(text: string): number {
  let hash = offset;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), prime);
  }
  // FNV-1a alone leaves the high bits too close for texts that differ only at their end.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
