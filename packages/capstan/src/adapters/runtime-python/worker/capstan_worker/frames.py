"""Frames of the work socket: sizes, a JSON header, and raw buffers, each padded to a multiple of 8 bytes."""

import json
import struct

# Length of the header (u32) and of all padded buffers together (u64), little-endian.
PREFIX = struct.Struct("<IQ")
JOINED_BYTES = 1 << 20


def read_frame(sock):
    """The header and its buffers as writable views, or None at the end of the socket."""
    prefix = read_exactly(sock, PREFIX.size)
    if prefix is None:
        return None
    header_length, body_length = PREFIX.unpack(prefix)
    header_bytes = read_exactly(sock, header_length)
    body = read_exactly(sock, body_length)
    if header_bytes is None or body is None:
        return None
    header = json.loads(header_bytes)
    view = memoryview(body)
    buffers = []
    at = 0
    for length in header["lengths"]:
        buffers.append(view[at : at + length])
        at += padded(length)
    return header, buffers


def write_frame(sock, header, buffers=()):
    lengths = [memoryview(buffer).nbytes for buffer in buffers]
    header_bytes = json.dumps({**header, "lengths": lengths}).encode()
    parts = [PREFIX.pack(len(header_bytes), sum(map(padded, lengths))), header_bytes]
    for buffer, length in zip(buffers, lengths):
        parts.append(buffer)
        if padded(length) > length:
            parts.append(bytes(padded(length) - length))
    if sum(lengths) <= JOINED_BYTES:
        sock.sendall(b"".join(parts))
    else:
        for part in parts:
            sock.sendall(part)


def padded(length):
    return (length + 7) // 8 * 8


def read_exactly(sock, length):
    data = bytearray(length)
    view = memoryview(data)
    at = 0
    while at < length:
        count = sock.recv_into(view[at:])
        if count == 0:
            return None
        at += count
    return data
