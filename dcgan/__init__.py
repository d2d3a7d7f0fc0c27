"""A Deep Convolutional GAN (Radford et al. 2016) that trains, resumes, samples and explains itself."""
