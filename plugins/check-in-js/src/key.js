// Identifiers from outside as parts of grant keys, written as the SDK for Rust writes them.

const PART_BYTES_MAX = 80;
const PLAIN = /^[A-Za-z0-9._-]{0,80}$/;
const PLAIN_BYTE = /[A-Za-z0-9._-]/;

/**
 * Letters, digits, `.`, `_` and `-` stay, every other byte becomes `:` and two hexadecimal digits. What is longer than 80
 * bytes is cut and ends with a hash of all of it.
 */
export function keyPart(text) {
  if (PLAIN.test(text)) return text;
  const bytes = new TextEncoder().encode(text);
  let part = '';
  for (const byte of bytes) {
    const letter = String.fromCharCode(byte);
    part += PLAIN_BYTE.test(letter) ? letter : `:${byte.toString(16).padStart(2, '0')}`;
    if (part.length > PART_BYTES_MAX) {
      return `${part.slice(0, PART_BYTES_MAX - 17)}:${hash(bytes).toString(16).padStart(16, '0')}`;
    }
  }
  return part;
}

/** FNV-1a, 64 bits. */
function hash(bytes) {
  return bytes.reduce((sum, byte) => BigInt.asUintN(64, (sum ^ BigInt(byte)) * 0x0100_0000_01b3n), 0xcbf2_9ce4_8422_2325n);
}
