"""Blobs that lie in the work tree just as git stores them, so that git needn't unpack them.

A file is taken for a blob only where its bytes have the blob's id; no time stamp, index or filter is trusted.
"""

import hashlib
import os
import stat

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # opening a pipe would wait for its writer
)
_SHA1_LENGTH = 40


def blob_on_disk(file: str, oid: str, limit: int) -> bytes | None:
    """The bytes of the file if they are those of the blob and no more than ``limit``; None for anything else."""
    try:
        handle = os.open(file, _FLAGS)
    except (OSError, ValueError):  # ValueError: a name that this system's files can't have
        return None
    try:
        facts = os.fstat(handle)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > limit:
            return None
        data = os.read(handle, facts.st_size + 1)
    except OSError:
        return None
    finally:
        os.close(handle)
    return data if _oid(data, len(oid)) == oid else None


def _oid(data: bytes, length: int) -> str:
    """The id of a blob (gitformat-pack(5), gitglossary(7)), SHA-1 or SHA-256 by how long ids are."""
    whole = b"blob %d\0%b" % (len(data), data)
    digest = hashlib.sha1(whole, usedforsecurity=False) if length == _SHA1_LENGTH else hashlib.sha256(whole)
    return digest.hexdigest()
