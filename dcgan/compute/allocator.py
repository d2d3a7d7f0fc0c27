"""Where a training process has its large blocks of memory from."""

import ctypes
import mmap
import sys

SET_ASIDE = 2**30  # bytes of addresses: what a step of most recipes takes, and less than what glibc gives back


def keep_buffers() -> None:
    """Let glibc reuse large blocks of memory, in huge pages, instead of asking for fresh small ones at every layer.

    On other systems nothing happens. The values are those of `mallopt`, M_MMAP_MAX and M_TRIM_THRESHOLD, and of
    `madvise`, MADV_HUGEPAGE; what is set aside is addresses only, memory when it is used.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is None or not hasattr(libc, "mallopt"):
        return
    libc.mallopt(-4, 0)
    libc.mallopt(-1, 2**31 - 1)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    place = libc.malloc(SET_ASIDE)
    if place:
        begin = -(-place // mmap.PAGESIZE) * mmap.PAGESIZE
        libc.madvise(begin, SET_ASIDE - mmap.PAGESIZE, 14)
        libc.free(place)  # which keeps it: see M_TRIM_THRESHOLD
