/** Source of a Python model that does to each row what its text says, and else answers how long the text is. */
export const ATTACKS = `
import ctypes, os, signal, subprocess, sys, time

class Model:
    def predict(self, data, params=None):
        what = list(data["do"])
        if "sleep" in what:
            time.sleep(1000)
        if "sleep deaf" in what:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                time.sleep(1000)
        if "exit" in what:
            print("going away", flush=True)
            os._exit(7)
        if "allocate" in what:
            hoard = []
            while True:
                hoard.append(bytearray(os.urandom(1 << 20)) * 64)
        if "segfault" in what:
            ctypes.string_at(0)
        if "fork" in what:
            if os.fork() == 0:
                time.sleep(1000)
            subprocess.Popen(["/bin/sh", "-c", "sleep 1000; true", os.getcwd()], start_new_session=True)
            if os.fork() == 0:
                os.setsid()
                time.sleep(1000)
            os._exit(3)
        if "sleep among others" in what:
            if os.fork() == 0:
                os.fork() or os.setsid()
                time.sleep(1000)
            # Sleeps in C, where it lets no other thread run.
            ctypes.PyDLL(None).sleep(1000)
        if "print" in what:
            for _ in range(200):
                sys.stdout.write("x" * 50000 + "\\n" + "y" * 100000)
                sys.stderr.write("z" * 50000)
        if "raise" in what:
            raise ValueError("no such thing")
        if "rows" in what:
            return [1, 2, 3]
        if "answer much" in what:
            return ["x" * (2 << 20)] * len(what)
        if "forge" in what:
            os.write(3, b"\\xff" * 64)
            time.sleep(1000)
        return [len(text) for text in what]
`;
