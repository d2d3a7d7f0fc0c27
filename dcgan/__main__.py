"""`python -m dcgan`."""

from dcgan.cli import main

raise SystemExit(main())
