"""Hand the standard streams over to a fork, wait for it and end with its exit status.

Started as `python -I -S client.py ADDRESS SCRIPT`: without site-packages Python is up in a few milliseconds.
"""

import json
import os
import signal
import socket
import struct
import sys
from pathlib import Path

LENGTH = struct.Struct("!I")
STATUS = struct.Struct("!i")
"""An exit status, or the negative number of the signal that ended the fork."""


def main(address: str, script: str) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        request = json.dumps({"script": script, "folder": str(Path.cwd()), "environment": dict(os.environ)}).encode()
        socket.send_fds(connection, [LENGTH.pack(len(request))], [0, 1, 2])
        connection.sendall(request)
        for stream in (0, 1):
            os.close(stream)
        answer = connection.recv(STATUS.size, socket.MSG_WAITALL)
    (status,) = STATUS.unpack(answer) if answer else (1,)
    if status < 0:
        if -status != signal.SIGKILL:
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


if __name__ == "__main__":
    main(*sys.argv[1:])
