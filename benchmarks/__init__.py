"""Commands whose JSON results are committed under ``benchmarks/results``."""
