"""Large files by an unmodified mlflow: as one stream, and in parts as it chooses itself. Prints what happened as JSON."""

import hashlib
import json
import os
import sys
from pathlib import Path

import mlflow
from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository

MIB = 1 << 20
scratch = Path(sys.argv[1])
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
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(MIB):
            sha.update(piece)
    return sha.hexdigest()


def make(name, mebibytes):
    """Mostly zeros: quick to make, and no less to send."""
    path = scratch / name
    with open(path, "wb") as file:
        file.write(name.encode())
        file.truncate(mebibytes * MIB)
    return path


def there_and_back(run_id, path, folder):
    before = dict(counts)
    mlflow.log_artifact(str(path), folder, run_id=run_id)
    back = mlflow.artifacts.download_artifacts(
        run_id=run_id, artifact_path=f"{folder}/{path.name}", dst_path=str(scratch / "back" / folder)
    )
    return {
        "same": digest(path) == digest(back),
        "parts": counts["parts"] - before["parts"],
        "ranges": counts["ranges"] - before["ranges"],
    }


run_id = mlflow.MlflowClient().create_run("0").info.run_id
saw = {}

os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] = "false"
saw["stream"] = there_and_back(run_id, make("stream.bin", 256), "one")
del os.environ["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"]
# From here on nothing is set: the client asks the server what it can do.
saw["parts"] = there_and_back(run_id, make("parts.bin", 501), "parts")
empty = scratch / "empty.txt"
empty.touch()
saw["empty"] = there_and_back(run_id, empty, "empty")

mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="empty", dst_path=str(scratch / "back"))
client = mlflow.MlflowClient()
saw["listed"] = sorted(entry.path for entry in client.list_artifacts(run_id))
try:
    mlflow.log_artifact(str(empty), "parts/parts.bin", run_id=run_id)
except Exception as error:
    saw["clash"] = str(error).split("\n", 1)[0][:200]
print(json.dumps(saw))
