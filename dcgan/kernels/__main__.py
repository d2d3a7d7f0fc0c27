"""Build the library of this folder: python -m dcgan.kernels"""

import subprocess

from dcgan.kernels import BUILT, FLAGS, SOURCE, STAMP, hash_of_source


def main() -> None:
    made = SOURCE.with_suffix(".o")
    subprocess.run(["gcc", *FLAGS, "-c", str(SOURCE), "-o", str(made)], check=True)
    subprocess.run(["gcc", "-shared", "-nostdlib", "-s", str(made), "-o", str(BUILT)], check=True)
    made.unlink()
    STAMP.write_text(hash_of_source() + "\n", encoding="ascii")
    print(f"built {BUILT.name}, {BUILT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
