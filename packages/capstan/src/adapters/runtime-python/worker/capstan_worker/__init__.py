"""Serves one MLflow model to the process that started it. Needs Python 3.8, and what the model's environment has."""
