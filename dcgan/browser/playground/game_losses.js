// The losses of dcgan/training/losses.py that are played here, each with its gradient at D's outputs: of D on real and
// on fake points, and of G on its fakes. Each is of one point; a batch takes the mean.

const softplus = (s) => Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s)));
export const sigmoid = (s) => (s < 0 ? Math.exp(s) / (1 + Math.exp(s)) : 1 / (1 + Math.exp(-s)));

// each function: output -> [loss, its slope]
export const LOSSES = {
  // Goodfellow et al. 2014, equation 1; G's is -log D(G(z)) of section 3
  bce: {
    real: (s) => [softplus(-s), -sigmoid(-s)],
    fake: (s) => [softplus(s), sigmoid(s)],
    G: (s) => [softplus(-s), -sigmoid(-s)],
  },
  // Lim and Ye 2017; Miyato et al. 2018, equations 16 and 17
  hinge: {
    real: (s) => (s < 1 ? [1 - s, -1] : [0, 0]),
    fake: (s) => (s > -1 ? [1 + s, 1] : [0, 0]),
    G: (s) => [-s, -1],
  },
  // Arjovsky et al. 2017, equation 2, with the gradient penalty of Gulrajani et al. 2017, equation 3
  wasserstein: { real: (s) => [-s, -1], fake: (s) => [s, 1], G: (s) => [-s, -1], penalty: 1 },
};
