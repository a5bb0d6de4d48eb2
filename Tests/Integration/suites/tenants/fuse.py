"""File systems that do not answer (linux/fuse.h)."""

import contextlib
import ctypes
import os
import struct
import threading

import pytest

LOOKUP, FORGET, GETATTR, OPEN, STATFS, RELEASE, FLUSH, INIT, OPENDIR, ACCESS, INTERRUPT, BATCH_FORGET = (
    1, 2, 3, 14, 17, 18, 25, 26, 27, 34, 36, 42)
_UNANSWERED = (FORGET, FLUSH, INTERRUPT, BATCH_FORGET)
_CONTENTS = b"contents\n"


def _attributes(node: int) -> bytes:
    mode, size = (0o40755, 0) if node == 1 else (0o100644, len(_CONTENTS))
    return struct.pack("=6Q10I", node, size, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def _answer(operation: int, node: int) -> bytes | int:
    """The payload of an answer, or an errno."""
    match operation:
        case 26: return struct.pack("=4I2HI", 7, 31, 0, 0, 0, 0, 1 << 16) + bytes(40)
        case 1: return struct.pack("=4Q2I", 2, 0, 60, 60, 0, 0) + _attributes(2)
        case 3: return struct.pack("=Q2I", 60, 0, 0) + _attributes(node)
        case 14 | 27: return struct.pack("=Q2I", 1, 0, 0)
        case 17: return bytes(80)
        case 18 | 34: return b""
        case _: return 38  # ENOSYS


def _serve(device: int) -> None:
    while True:
        try:
            request = os.read(device, 1 << 17)
        except OSError:
            return
        _, operation, unique, node = struct.unpack_from("=2I2Q", request)
        if operation in _UNANSWERED:
            continue
        answer = _answer(operation, node)
        payload, error = (b"", -answer) if isinstance(answer, int) else (answer, 0)
        os.write(device, struct.pack("=IiQ", 16 + len(payload), error, unique) + payload)


@contextlib.contextmanager
def mute(folder):
    """A file system on `folder` that everybody may use and that never answers.

    What was stuck in it ends with it, which httpd tells as AH00488.
    """
    with _mounted(folder):
        yield


@contextlib.contextmanager
def flushless(folder):
    """One in which every name is a readable file whose closing never ends: everything is answered but FLUSH."""
    with _mounted(folder) as device:
        server = threading.Thread(target=_serve, args=(device,), daemon=True)
        server.start()
        yield


@contextlib.contextmanager
def _mounted(folder):
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        device = os.open("/dev/fuse", os.O_RDWR)
    except OSError as reason:
        pytest.skip(f"no FUSE here: {reason}")
    options = f"fd={device},rootmode=40000,user_id={os.stat(folder).st_uid},group_id=0,allow_other"
    if libc.mount(b"none", os.fsencode(folder), b"fuse", 6, options.encode()):
        os.close(device)
        pytest.skip(f"no FUSE here: {os.strerror(ctypes.get_errno())}")
    try:
        yield device
    finally:
        libc.umount2(os.fsencode(folder), 1)  # MNT_FORCE: what waits fails
        os.close(device)
        libc.umount2(os.fsencode(folder), 2)  # MNT_DETACH
