"""A server between a client and another that makes faults, drawn with a seed.

    python proxy.py UPSTREAM_PORT MODE RATE SEED [METHOD [PART_OF_PATH]]

Prints its port. Of requests with METHOD (all, where none is said) whose path contains PART_OF_PATH, so many in a hundred as
RATE says fail as MODE says; the others are passed on. After each request it prints a line: `ok` or the mode, and the request.

Modes: 500, 503, 429, 403, 404 (an answer of that status), reset (the connection breaks before the answer), hang (no answer),
slow (an answer in small pieces), partial (a body that breaks off), short (a body that is shorter than its range, with the
length to match), lost (the request is passed on and its answer dropped), error200 (a 200 that reports an error)."""

import asyncio
import random
import re
import sys

UPSTREAM, MODE, RATE, SEED = int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
METHOD = sys.argv[5] if len(sys.argv) > 5 else ""
PART = sys.argv[6] if len(sys.argv) > 6 else ""
DRAW = random.Random(SEED)


async def request(reader):
    """The head and the body of a request; nothing at the end of a connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None, b""
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    if re.search(rb"(?i)\r\nexpect: *100-continue", head):
        raise RuntimeError("100-continue is not passed on")
    return head, await reader.readexactly(int(length[1])) if length else b""


async def answer(head, body):
    """What the other server says, up to the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", UPSTREAM)
    head = re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", head)
    writer.write(head[:-2] + b"Connection: close\r\n\r\n" + body)
    await writer.drain()
    answered = await reader.read(-1)
    writer.close()
    return answered


def shortened(answered):
    """The same answer with half of its body, and the length to match."""
    head, _, body = answered.partition(b"\r\n\r\n")
    body = body[: len(body) // 2]
    head = re.sub(rb"(?i)\r\ncontent-length: *\d+", b"\r\nContent-Length: %d" % len(body), head)
    return head + b"\r\n\r\n" + body


async def fault(writer, head, body):
    if MODE.isdigit():
        text = b"<Error><Code>Made</Code><Message>key AKIDTEST</Message></Error>"
        writer.write(b"HTTP/1.1 %s Made\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (MODE.encode(), len(text)))
        writer.write(b"" if head.startswith(b"HEAD") else text)
    elif MODE == "reset":
        writer.transport.abort()
    elif MODE == "hang":
        await asyncio.sleep(600)
    elif MODE == "slow":
        answered = await answer(head, body)
        for at in range(0, len(answered), max(1, len(answered) // 10)):
            writer.write(answered[at : at + max(1, len(answered) // 10)])
            await writer.drain()
            await asyncio.sleep(0.02)
    elif MODE == "partial":
        answered = await answer(head, body)
        writer.write(answered[: len(answered) - (len(answered.partition(b"\r\n\r\n")[2]) + 1) // 2])
    elif MODE == "short":
        writer.write(shortened(await answer(head, body)))
    elif MODE == "lost":
        await answer(head, body)
        writer.transport.abort()
    elif MODE == "error200":
        text = b"<Error><Code>InternalError</Code></Error>"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(text), text))
    else:
        raise RuntimeError(f"no mode {MODE}")


async def serve(reader, writer):
    try:
        head, body = await request(reader)
        if head is None:
            return
        line = head.split(b"\r\n")[0].decode()
        asked = line.startswith(METHOD) and PART in line
        fails = asked and DRAW.random() * 100 < RATE
        print(MODE if fails else "ok", line, flush=True)
        if fails:
            await fault(writer, head, body)
        else:
            writer.write(await answer(head, body))
        await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 20)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
