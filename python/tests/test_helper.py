"""The helper against a real server, which tests/clients/python-helper.test.ts starts and fills.

It has a project `flight-delays` with a dataset `flights` (one month of Parquet) and `airlines` (CSV), a model
`late-arrival` whose version 1 is `champion`, and a deployment of it that has answered.
"""

import csv
import os
import shutil
import unittest
from contextlib import contextmanager
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from unittest.mock import patch

import mlflow
import pandas as pd

import capstan
from capstan._files import fetched

PROJECT = "flight-delays"
MODEL = "late-arrival"
FOLDER = Path(os.environ["TEST_PROJECT_FOLDER"])
BLOBS = Path(os.environ["TEST_BLOBS"])


class Tags(HTMLParser):
    """Names of the tags of a page, and its text."""

    def __init__(self, html):
        super().__init__()
        self.tags = set()
        self.text = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)

    def handle_data(self, data):
        self.text.append(data)


@contextmanager
def stranger(status):
    """A server that knows nothing of Capstan and answers everything with a page."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            serving.join()


class Refusals(unittest.TestCase):
    def refused(self, code, words, act, *args, **kwargs):
        with self.assertRaises(capstan.CapstanError) as caught:
            act(*args, **kwargs)
        self.assertEqual(caught.exception.code, code)
        self.assertIn(words, str(caught.exception))


class Datasets(Refusals):
    def test_a_reference_is_a_version(self):
        flights = capstan.dataset("flights@1")
        self.assertEqual((flights.project, flights.name, flights.number), (PROJECT, "flights", 1))
        self.assertEqual(capstan.dataset(f"{PROJECT}/flights").id, flights.id)
        self.assertEqual(capstan.dataset("flights", project=PROJECT).digest, flights.digest)
        self.assertEqual(flights.rows, sum(file["rows"] for file in flights.files))

    def test_rows_come_from_the_files_that_were_taken_in(self):
        flights = capstan.dataset("flights")
        self.assertEqual(
            [path.relative_to(FOLDER).as_posix() for path in flights.paths()], ["data/flights/2013-01.parquet"]
        )
        frame = flights.to_df()
        self.assertEqual(len(frame), flights.rows)
        self.assertIn("carrier", frame.columns)
        self.assertEqual(next(iter(flights.records()))["carrier"], frame["carrier"][0])
        airlines = capstan.dataset("airlines")
        with (FOLDER / "data/airlines.csv").open(newline="", encoding="utf-8") as file:
            self.assertEqual(list(airlines.records()), list(csv.DictReader(file)))

    @contextmanager
    def elsewhere(self):
        """The project's file of airlines is away, as on another machine, and the cache is a new one."""
        file = FOLDER / "data/airlines.csv"
        away = file.with_suffix(".away")
        with TemporaryDirectory() as cache, patch.dict(os.environ, CAPSTAN_CACHE=cache):
            shutil.move(file, away)
            try:
                yield Path(cache), file, away
            finally:
                shutil.move(away, file)

    def test_a_file_that_is_not_here_comes_from_the_server_once(self):
        airlines = capstan.dataset("airlines")
        with self.elsewhere() as (cache, _, away):
            (path,) = airlines.paths()
            self.assertEqual(path.name, "airlines.csv")
            self.assertTrue(path.is_relative_to(cache))
            self.assertEqual(path.read_bytes(), away.read_bytes())
            self.assertEqual(len(airlines.to_df()), airlines.rows)
            self.assertEqual([one.name for one in path.parent.iterdir()], ["airlines.csv"])
            fetched_at = path.stat().st_mtime_ns
            self.assertEqual(airlines.paths(), [path])
            self.assertEqual(path.stat().st_mtime_ns, fetched_at)
            path.write_bytes(b"x" * path.stat().st_size)
            self.assertEqual(airlines.paths()[0].read_bytes(), away.read_bytes())

    def test_a_file_that_has_changed_is_not_the_version(self):
        airlines = capstan.dataset("airlines")
        with self.elsewhere() as (cache, file, away):
            file.write_text(away.read_text(encoding="utf-8").replace("a", "b", 1), encoding="utf-8")
            self.assertEqual(airlines.paths()[0].read_bytes(), away.read_bytes())
            self.assertTrue(airlines.paths()[0].is_relative_to(cache))

    def test_bytes_that_the_server_does_not_hold_are_said(self):
        airlines = capstan.dataset("airlines")
        digest = airlines.files[0]["digest"].removeprefix("sha256:")
        blob = BLOBS / digest[:2] / digest[2:]
        kept = blob.with_suffix(".kept")
        with self.elsewhere():
            shutil.move(blob, kept)
            try:
                self.refused("NOT_FOUND", "the server does not hold its bytes", airlines.paths)
            finally:
                shutil.move(kept, blob)
            self.assertEqual(len(airlines.to_df()), airlines.rows)

    def test_bytes_that_are_others_on_the_way_are_not_kept(self):
        airlines = capstan.dataset("airlines")
        with self.elsewhere() as (cache, _, _), stranger(200) as url:
            file = airlines.files[0]
            self.refused("DATA_LOSS", "not as it was taken in", fetched, capstan.connect(url), "dv_1", file, "it")
            self.assertEqual([one for one in cache.rglob("*") if one.is_file()], [])
            # Known by its digest, whatever it is called; then asked for by a name that the version does not have.
            evil = {**file, "path": "../../..\\up.csv"}
            self.refused("NOT_FOUND", "does not hold", fetched, capstan.connect(), airlines.id, evil, "it")
            no_digest = {**file, "digest": "../x"}
            self.refused("INVALID_ARGUMENT", "no digest", fetched, capstan.connect(), airlines.id, no_digest, "it")

    def test_what_is_not_there_is_said(self):
        self.refused("NOT_FOUND", "has no version 77", capstan.dataset, "flights@77")
        self.refused("NOT_FOUND", "No project has a dataset 'nothing'", capstan.dataset, "nothing")
        self.refused("NOT_FOUND", "project", capstan.dataset, "nowhere/flights")
        self.refused("INVALID_ARGUMENT", "Write NAME@3", capstan.dataset, "flights@newest")
        self.refused("INVALID_ARGUMENT", "Write NAME@3", capstan.dataset, "flights@0")

    def test_a_run_of_mlflow_has_read_it(self):
        flights = capstan.dataset("flights@1")
        with mlflow.start_run() as run:
            flights.log_input(context="training")
        seen = capstan.run(run.info.run_id)
        (read,) = seen.datasets
        self.assertEqual(read["name"], "flights")
        self.assertEqual(read["sourceType"], "capstan")
        self.assertTrue(flights.digest.removeprefix("sha256:").startswith(read["digest"]))
        self.assertEqual(read["tags"], {"mlflow.data.context": "training", "capstan.dataset_version": flights.id})
        kept = mlflow.get_run(run.info.run_id).inputs.dataset_inputs[0].dataset
        source = type(flights.to_mlflow().source).from_json(kept.source)
        self.assertEqual(source.load(), [str(path) for path in flights.paths()])
        self.assertIn("flights", seen._repr_html_())


class Predictions(Refusals):
    def test_logged_answers_are_rows(self):
        answers = capstan.predictions(MODEL)
        self.assertEqual(len(answers), 3)
        self.assertEqual({row["modelVersion"] for row in answers}, {1})
        self.assertEqual(answers[0], next(iter(answers)))
        self.assertEqual(len(answers[:2]), 2)
        self.assertEqual(len(capstan.predictions(MODEL, limit=2)), 2)
        self.assertEqual([row["exampleId"] for row in capstan.predictions(MODEL, example="two")], ["two"])
        self.assertEqual(len(capstan.predictions(MODEL, role="canary")), 0)

    def test_as_a_frame_and_a_table(self):
        answers = capstan.predictions(MODEL)
        frame = answers.to_df()
        self.assertEqual(len(frame), 3)
        self.assertEqual(str(frame["predictedAt"].dt.tz), "UTC")
        self.assertTrue(((frame["probability"] >= 0) & (frame["probability"] <= 1)).all())
        self.assertIsInstance(capstan.predictions(MODEL, limit=0).to_df(), pd.DataFrame)
        self.assertIn("3 predictions of late-arrival", "".join(Tags(answers._repr_html_()).text))

    def test_what_is_not_there_is_said(self):
        self.refused("NOT_FOUND", "nowhere", capstan.predictions, "nowhere")
        self.refused("INVALID_ARGUMENT", "role", capstan.predictions, MODEL, role="king")


class Displays(Refusals):
    def test_a_model_version_by_number_and_alias(self):
        version = capstan.model_version(f"{MODEL}/1")
        self.assertEqual((version.model, version.version, version.aliases), (MODEL, 1, ["champion"]))
        self.assertEqual(capstan.model_version(f"{MODEL}@champion").run_id, version.run_id)
        self.assertIn("model.onnx", "".join(Tags(version._repr_html_()).text))
        self.refused("NOT_FOUND", "no alias", capstan.model_version, f"{MODEL}@nobody")
        self.refused("NOT_FOUND", "", capstan.model_version, f"{MODEL}/77")
        for wrong in (MODEL, f"{MODEL}/", f"{MODEL}/newest", "@champion"):
            self.refused("INVALID_ARGUMENT", "Write MODEL/NUMBER", capstan.model_version, wrong)

    def test_nothing_that_others_wrote_is_a_tag_of_the_page(self):
        evil = "<script>alert(1)</script>"
        with mlflow.start_run(run_name=evil) as run:
            mlflow.log_param("p", evil)
            mlflow.log_metric("loss", float("nan"))
            mlflow.log_metric("loss", 0.25, step=3)
            mlflow.set_tag("t", evil)
        page = Tags(capstan.run(run.info.run_id)._repr_html_())
        self.assertEqual(page.tags, {"p", "strong", "table", "thead", "tbody", "tr", "th", "td"})
        self.assertEqual(page.text.count(evil), 2)
        self.assertIn("0.25", page.text)

    def test_a_dataset(self):
        text = "".join(Tags(capstan.dataset("flights@1")._repr_html_()).text)
        for word in ("flight-delays/flights@1", "accepted", "carrier", "2013-01.parquet"):
            self.assertIn(word, text)


class Servers(Refusals):
    def test_no_server(self):
        nobody = capstan.connect("http://127.0.0.1:9")
        self.refused("UNREACHABLE", "capstan up", capstan.run, "a", server=nobody)
        self.refused("INVALID_ARGUMENT", "http://", capstan.connect, "file:///etc/passwd")

    def test_what_is_no_capstan_is_said(self):
        for status in (200, 404):
            with stranger(status) as url:
                self.refused("UNREACHABLE", "no Capstan server", capstan.run, "a", server=capstan.connect(url))

    def test_a_refusal_is_told_as_the_server_says_it(self):
        with self.assertRaises(capstan.CapstanError) as caught:
            capstan.run("0" * 32)
        self.assertEqual((caught.exception.code, caught.exception.status), ("NOT_FOUND", 404))


if __name__ == "__main__":
    unittest.main()
