"""Runs commands on a node of a Ray cluster for Capstan's executor: one process beside each Ray worker, in a session of its own.

It takes orders from its worker by standard input, a line each, and answers each with a line once nothing of the attempt
is left on this machine. All else goes to the executor's listener: the files of a command come from there by content,
its log and its outputs go there. When the worker is gone (its input ends), the listener is not heard of, or the attempt
counts no more, the command is ended, and nothing is handed over.

Needs Python's standard library and /bin/sh. CPU time and memory are told where there is a /proc.
"""
