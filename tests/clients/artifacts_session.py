"""Large files by an unmodified mlflow: as one stream, and in parts as it chooses itself.

Usage: python artifacts_session.py SCRATCH_FOLDER STREAM_MIB PARTS_MIB, with MLFLOW_TRACKING_URI set

It only acts and reports (scenarios.py says how): artifacts.test.ts beside it says what must have been seen.
"""

import hashlib
import os
import sys

import mlflow
from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository

from scenarios import SCRATCH, client, play

MIB = 1 << 20
stream_mib, parts_mib = (int(size) for size in sys.argv[2:])
run_id = client.create_run("0").info.run_id
counts = {"parts": 0, "ranges": 0}

upload_part = HttpArtifactRepository._upload_part
multipart_download = HttpArtifactRepository._multipart_download


def count_part(**arguments):
    counts["parts"] += 1
    return upload_part(**arguments)


def count_download(self, **arguments):
    counts["ranges"] += 1
    return multipart_download(self, **arguments)


HttpArtifactRepository._upload_part = staticmethod(count_part)
HttpArtifactRepository._multipart_download = count_download


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make(name, mebibytes):
    """Mostly a hole: quick to make, and no less to send."""
    path = SCRATCH / name
    with open(path, "wb") as file:
        file.write(name.encode())
        file.truncate(max(len(name), mebibytes * MIB))
    return path


def there_and_back(path, folder):
    before = dict(counts)
    mlflow.log_artifact(str(path), folder, run_id=run_id)
    back = mlflow.artifacts.download_artifacts(
        run_id=run_id, artifact_path=f"{folder}/{path.name}", dst_path=str(SCRATCH / "back" / folder)
    )
    seen = {
        "mebibytes": os.path.getsize(back) // MIB,
        "same": digest(path) == digest(back),
        "parts": counts["parts"] - before["parts"],
        "ranges": counts["ranges"] - before["ranges"],
    }
    os.remove(back)
    return seen


def stream():
    os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] = "false"
    # From this size on the client would send parts.
    os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"] = str((stream_mib + 1) * MIB)
    seen = there_and_back(make("stream.bin", stream_mib), "one")
    del os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"]
    del os.environ["MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE"]
    return seen


def parts():
    """Nothing is set: the client asks the server what it can do."""
    return there_and_back(make("parts.bin", parts_mib), "parts")


def small():
    """An empty file; a file in the place of a folder is refused."""
    empty = SCRATCH / "empty.txt"
    empty.touch()
    seen = there_and_back(empty, "empty")
    mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="empty", dst_path=str(SCRATCH / "back"))
    seen["listed"] = sorted(entry.path for entry in client.list_artifacts(run_id))
    try:
        mlflow.log_artifact(str(empty), "parts/parts.bin", run_id=run_id)
    except Exception as error:
        seen["clash"] = str(error).split("\n", 1)[0][:200]
    return seen


if __name__ == "__main__":
    play(stream, parts, small)
