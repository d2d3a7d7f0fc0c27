// Random numbers as PyTorch draws them on the CPU, so that a seed gives the same z in a page.

// Mersenne Twister (Matsumoto and Nishimura 1998), as torch.Generator on the CPU.
export class Random {
  constructor(seed) {
    this.state = new Uint32Array(624);
    this.state[0] = seed;
    for (let i = 1; i < 624; i++) {
      const x = this.state[i - 1] ^ (this.state[i - 1] >>> 30);
      this.state[i] = Math.imul(1812433253, x) + i;
    }
    this.next = 624;
    this.spare = null; // Box-Muller makes two at a time
  }

  bits() {
    if (this.next === 624) {
      const s = this.state;
      for (let i = 0; i < 624; i++) {
        const y = (s[i] & 0x80000000) | (s[(i + 1) % 624] & 0x7fffffff);
        s[i] = s[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.next = 0;
    }
    let y = this.state[this.next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  // one of 2^24 numbers in [0, 1), as torch.rand in float32
  uniform() {
    return (this.bits() & 0xffffff) / 0x1000000;
  }

  // one of 2^53 numbers in [0, 1)
  fineUniform() {
    const [high, low] = [this.bits() & 0x1fffff, this.bits()];
    return (high * 0x100000000 + low) / 2 ** 53;
  }

  // torch.randn(n): 16 and more are made in blocks of 16, fewer one by one in double precision
  normals(n) {
    const out = new Float32Array(n);
    if (n < 16) return out.map(() => this.normal());
    for (let i = 0; i < n; i++) out[i] = this.uniform();
    for (let i = 0; i + 16 <= n; i += 16) boxMuller(out.subarray(i, i + 16));
    if (n % 16) boxMuller(out.subarray(n - 16).map(() => this.uniform()), out.subarray(n - 16));
    return out;
  }

  normal() {
    if (this.spare !== null) {
      const spare = this.spare;
      this.spare = null;
      return spare;
    }
    const angle = 2 * Math.PI * this.fineUniform();
    const radius = Math.sqrt(-2 * Math.log1p(-this.fineUniform()));
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

function boxMuller(uniform, out = uniform) {
  const { fround } = Math;
  for (let i = 0; i < 8; i++) {
    const radius = fround(Math.sqrt(fround(-2 * fround(Math.log(fround(1 - uniform[i]))))));
    const angle = fround(fround(2 * Math.PI) * uniform[i + 8]);
    out[i] = radius * fround(Math.cos(angle));
    out[i + 8] = radius * fround(Math.sin(angle));
  }
}
