"""The process beside a Ray worker."""

import json
import os
import queue
import sys
import threading

from .attempt import Attempt


def main(folder):
    # Away from the worker, which would take its children with it.
    if os.fork():
        os._exit(0)
    os.setsid()
    orders = queue.Queue()
    worker_gone = threading.Event()
    current = []

    def listen():
        for line in sys.stdin.buffer:
            orders.put(json.loads(line))
        worker_gone.set()
        for attempt in list(current):
            attempt.control.wake.set()
        orders.put(None)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        order = orders.get()
        if order is None:
            os._exit(0)
        attempt = Attempt(order, folder, worker_gone)
        current[:] = [attempt]
        attempt.run()
        current.clear()
        try:
            sys.stdout.write("{}\n")
            sys.stdout.flush()
        except OSError:
            os._exit(0)
