// The places of samples: which of them to show so that none covers another, which is near, which lie along a line.

// Farthest-first traversal (Gonzalez 1985): `order` begins in the middle, and each next sample is the one farthest from
// all before it; `room[k]` is that distance, as the larger of across and down, and falls with k. So squares around samples
// don't overlap where each is at most 2 * room - t wide, and none wider than t; and going closer only lets them grow.
export function farthestFirst(xs, ys) {
  const n = xs.length, order = new Uint32Array(n), room = new Float32Array(n);
  const nearest = new Float32Array(n).fill(Infinity);
  let next = nearestSample(0.5, 0.5, xs, ys);
  for (let k = 0; k < n; k++) {
    order[k] = next;
    room[k] = nearest[next];
    nearest[next] = -1;
    let far = -1;
    for (let i = 0; i < n; i++) {
      if (nearest[i] < 0) continue;
      const distance = Math.max(Math.abs(xs[i] - xs[order[k]]), Math.abs(ys[i] - ys[order[k]]));
      if (distance < nearest[i]) nearest[i] = distance;
      if (far < 0 || nearest[i] > nearest[far]) far = i;
    }
    next = far;
  }
  return { order, room };
}

// the sample nearest to a place, but for those to be passed over; -1 if there is none
export function nearestSample(x, y, xs, ys, not = []) {
  let best = -1, least = Infinity;
  for (let i = 0; i < xs.length; i++) {
    const distance = (xs[i] - x) ** 2 + (ys[i] - y) ** 2;
    if (distance < least && !not.includes(i)) [best, least] = [i, distance];
  }
  return best;
}

// At most n samples along a line, a list of [x, y]: the nearest to places at even distances on it, in their order.
export function samplesAlong(line, n, xs, ys) {
  const lengths = line.slice(1).map(([x, y], i) => Math.hypot(x - line[i][0], y - line[i][1]));
  const whole = lengths.reduce((a, b) => a + b, 0), found = [];
  for (let k = 0; k < n; k++) {
    let rest = (whole * k) / Math.max(1, n - 1), part = 0;
    while (part < lengths.length - 1 && rest > lengths[part]) rest -= lengths[part++];
    const share = lengths[part] ? Math.min(1, rest / lengths[part]) : 0;
    const [[x0, y0], [x1, y1]] = [line[part], line[Math.min(part + 1, line.length - 1)]];
    const i = nearestSample(x0 + share * (x1 - x0), y0 + share * (y1 - y0), xs, ys);
    if (!found.includes(i)) found.push(i);
  }
  return found;
}

// the sample of a list that is next in a direction, such as [1, 0]; -1 if none lies there
export function sampleToward(from, [across, down], list, xs, ys) {
  let best = -1, least = Infinity;
  for (const i of list) {
    const [dx, dy] = [xs[i] - xs[from], ys[i] - ys[from]];
    const ahead = dx * across + dy * down, aside = Math.abs(dx * down - dy * across);
    if (i !== from && ahead > 0 && aside <= ahead && ahead + aside < least) [best, least] = [i, ahead + aside];
  }
  return best;
}
