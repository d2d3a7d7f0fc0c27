// A z that is given by itself, as a short text.

// The z of a code, as dcgan/latent/codes.py writes it (half precision in base64url); null if it is none.
const LARGEST_Z = 64;
export function decodeZ(code) {
  if (!/^[A-Za-z0-9_-]{2,11000}$/.test(code) || code.length % 4 === 1) return null;
  const bytes = Uint8Array.from(atob(code.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  if (bytes.length % 2) return null;
  const z = Float32Array.from({ length: bytes.length / 2 }, (_, i) => {
    const half = bytes[2 * i] | (bytes[2 * i + 1] << 8);
    const [power, part, sign] = [(half >> 10) & 31, half & 1023, half >> 15 ? -1 : 1];
    return power === 31 ? NaN : sign * (power ? 2 ** (power - 15) * (1 + part / 1024) : 2 ** -14 * (part / 1024));
  });
  return z.every((x) => Math.abs(x) <= LARGEST_Z) ? z : null;
}

// The z that a view gives by itself, if it fits the model.
export function givenZ(view, { z_dim }) {
  const given = view.z ? decodeZ(view.z) : null;
  return given?.length === z_dim ? given : null;
}
