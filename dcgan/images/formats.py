"""Which files are pictures: by their first bytes, where the name doesn't settle it; no torch."""

import codecs
import functools
import importlib.util
import re

SNIFFED = 512  # bytes that tell a format

# Pillow's name -> how such files end. Without EPS and WMF, which other programs draw, and what Pillow only identifies.
FORMATS = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jfif", ".jpe"),
    "MPO": (".mpo",),
    "WEBP": (".webp",),
    "GIF": (".gif",),
    "BMP": (".bmp",),
    "DIB": (".dib",),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
    "AVIF": (".avif", ".avifs"),
    "JPEG2000": (".jp2", ".j2k", ".jpc", ".jpf", ".jpx", ".j2c"),
    "QOI": (".qoi",),
    "ICO": (".ico",),
    "CUR": (".cur",),
    "ICNS": (".icns",),
    "PSD": (".psd",),
    "DDS": (".dds",),
    "SGI": (".sgi", ".rgb", ".rgba", ".bw"),
    "SUN": (".ras",),
    "XPM": (".xpm",),
    "MSP": (".msp",),
    "BLP": (".blp",),
    "DCX": (".dcx",),
    "FTEX": (".ftc", ".ftu"),
    "FITS": (".fits", ".fit"),
    "PIXAR": (".pxr",),
    "FLI": (".fli", ".flc"),
    "GBR": (".gbr",),
}
BY_NAME = {  # formats whose files say hardly what they are, so they are tried under their own names only
    "TGA": (".tga", ".icb", ".vda", ".vst"),
    "PCX": (".pcx",),
    "XBM": (".xbm",),
    "PCD": (".pcd",),
    "SPIDER": (".spi", ".spider"),
}
HEIF = {"HEIF": (".heic", ".heif", ".hif", ".heics", ".heifs")}  # by the package pillow-heif
SUFFIXES = tuple(suffix for kinds in (FORMATS, BY_NAME, HEIF) for suffixes in kinds.values() for suffix in suffixes)
FIRST_SUFFIXES = (  # all of reading 1
    *(".png", ".jpg", ".jpeg", ".jfif", ".webp", ".gif"),
    *(".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"),
)

NOTES = "text or annotation file"
OTHER = {  # what files are that are no pictures here -> how they end
    NOTES: ".txt .xml .json .jsonl .csv .tsv .yaml .yml .md .rst .log .html .htm .ini .cfg .toml .py .names .label",
    "SVG drawing": ".svg .svgz",
    "camera raw photograph": ".dng .nef .nrw .cr2 .cr3 .crw .arw .srf .sr2 .orf .rw2 .raf .pef .srw .x3f .3fr .iiq",
    "JPEG XL picture": ".jxl",
    "HDR picture": ".exr .hdr",
    "DICOM image": ".dcm .dicom",
    "video": ".mp4 .mov .avi .mkv .webm .m4v .mpg .mpeg .3gp .wmv .mts",
    "sound": ".mp3 .wav .flac .ogg .m4a .aac",
    "archive": ".zip .tar .gz .tgz .bz2 .tbz2 .xz .txz .zst .7z .rar",
    "document": ".pdf .ps .eps .ai .doc .docx .ppt .pptx .xls .xlsx .odt .wmf .emf",
    "array or table": ".npy .npz .parquet .arrow .h5 .hdf5 .mat .pt .pth .pkl .tfrecord .tfrecords .mdb .nii .lmdb",
}
RAW = "camera raw photograph"
KIND_OF_SUFFIX = {suffix: kind for kind, suffixes in OTHER.items() for suffix in suffixes.split()}
SETTLED = {suffix for suffix, kind in KIND_OF_SUFFIX.items() if kind in (NOTES, RAW, "archive")}  # by their names

PLURALS = {  # of kinds that take more than an s
    "array or table": "arrays or tables",
    "mask of another picture": "masks of other pictures",
    "hidden file or folder": "hidden files or folders",
    "folder that is there twice": "folders that are there twice",
    "link that leads back": "links that lead back",
    "pipe, socket or device": "pipes, sockets or devices",
}

_MAGIC: tuple[tuple[str, re.Pattern[bytes]], ...] = tuple(
    (kind, re.compile(pattern, re.DOTALL))
    for kind, pattern in (
        ("PNG", rb"\x89PNG\r\n\x1a\n"),
        ("JPEG", rb"\xff\xd8\xff"),
        ("GIF", rb"GIF8[79]a"),
        ("WEBP", rb"RIFF....WEBP"),
        ("BMP", rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0"),
        ("TIFF", rb"II[*+]\0|MM\0[*+]"),
        ("PPM", rb"P[1-6fF]\s+(#|-?[0-9])|Py[P0]\s"),
        ("AVIF", rb"....ftyp(avi[fs]|....(....){0,20}?avi[fs])"),
        ("HEIF", rb"....ftyp(hei[cxms]|hev[cxms]|mif1|msf1|....(....){0,20}?heic)"),
        ("JPEG2000", rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"),
        ("QOI", rb"qoif"),
        ("ICO", rb"\0\0\x01\0[\x01-\x40]\0...\0"),
        ("CUR", rb"\0\0\x02\0[\x01-\x40]\0...\0"),
        ("ICNS", rb"icns"),
        ("PSD", rb"8BPS\0\x01"),
        ("DDS", rb"DDS \x7c\0\0\0"),
        ("SGI", rb"\x01\xda[\0\x01][\x01\x02]"),
        ("SUN", rb"\x59\xa6\x6a\x95"),
        ("XPM", rb"/\* XPM \*/"),
        ("MSP", rb"DanM|LinS"),
        ("BLP", rb"BLP[12]"),
        ("DCX", rb"\xb1\x68\xde\x3a"),
        ("FTEX", rb"FTEX"),
        ("FITS", rb"SIMPLE  ="),
        ("archive", rb"PK[\3\5]|7z\xbc\xaf\x27\x1c|Rar!|\x1f\x8b|BZh[1-9]|\xfd7zXZ|\x28\xb5\x2f\xfd|.{257}ustar"),
        ("document", rb"%PDF|%!PS|\xd0\xcf\x11\xe0"),
        ("video", rb"....ftyp|\x1a\x45\xdf\xa3|RIFF....AVI "),
        ("JPEG XL picture", rb"\xff\x0a|\0\0\0\x0cJXL "),
        ("DICOM image", rb".{128}DICM"),
        ("array or table", rb"\x93NUMPY|PAR1|\x89HDF"),
        ("Python pickle", rb"\x80[\2-\5][\x95}\](c]"),
        ("SVG drawing", rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg"),
    )
)


def kind_of(head: bytes) -> str:
    """What a file that begins so is: Pillow's name of a format, a key of `OTHER`, or "" if nothing tells."""
    return next((kind for kind, pattern in _MAGIC if pattern.match(head)), "")


def other_kind(name: str, head: bytes | None) -> str:
    """What a file is that isn't taken for a picture, by its first bytes and its name; "" for a picture.

    Without `head`, which is of a name in `SETTLED` or of a file that can't be read, the name alone decides.
    """
    kind = kind_of(head) if head else ""
    if kind in FORMATS or kind in HEIF:
        return ""
    suffix = suffix_of(name)
    known = KIND_OF_SUFFIX.get(suffix, "")
    if head == b"" and not known:
        return "empty file"
    if kind and not (kind == "archive" and known):  # documents and arrays are zips inside
        return kind
    if not known and head and _is_text(head):
        return NOTES
    return known or (f"{suffix} file" if re.fullmatch(r"\.\w{1,12}", suffix) else "unknown file")


def _is_text(head: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # the last character may be cut
    except UnicodeDecodeError:
        return False
    return not re.search(r"[\0-\x08\x0e-\x1f]", text)


def suffix_of(name: str) -> str:
    """The end of a file's name from its last dot on, in lower case; empty without any."""
    base = name.rpartition("/")[2]
    stem, dot, end = base.rpartition(".")
    return f".{end.lower()}" if dot and stem else ""


@functools.cache
def has_heif() -> bool:
    """Whether HEIC photographs can be read here: by the package pillow-heif."""
    return importlib.util.find_spec("pillow_heif") is not None


def plural(kind: str, number: int) -> str:
    """`1 SVG drawing`, `1,000 .dat files`, `2 folders that are there twice`."""
    if number == 1:
        return f"1 {kind}"
    if kind in PLURALS:
        return f"{number:,} {PLURALS[kind]}"
    noun, that, rest = kind.partition(" that ")
    return f"{number:,} {noun}s{that}{rest}"
