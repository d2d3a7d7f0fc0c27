"""Build the library of this folder: python -m dcgan.compute.kernels"""

import subprocess

from dcgan.compute.kernels import BUILT, FLAGS, SOURCES, STAMP, stamp


def main() -> None:
    made = [source.with_suffix(".o") for source in SOURCES]
    for source, object_ in zip(SOURCES, made, strict=True):
        subprocess.run(["gcc", *FLAGS, "-c", str(source), "-o", str(object_)], check=True)
    subprocess.run(["gcc", "-shared", "-nostdlib", "-s", *map(str, made), "-o", str(BUILT)], check=True)
    for object_ in made:
        object_.unlink()
    STAMP.write_text(stamp(), encoding="ascii")
    print(f"built {BUILT.name}, {BUILT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
