/** Hashes a text with FNV-1a, 32 bits, over UTF-16 code units. It distributes well but resists no adversary. */
export const fnv1a = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  // One more round of mixing, because FNV-1a leaves the low bits of short, similar ids close together.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}
